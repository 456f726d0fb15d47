/** @file Options of every method: own entries of a plain record, checked with a table and without one. */
import { describe, expect, it } from "vitest";
import { createTokenTable, InvalidInputError, RecoupError, squareGrid } from "../core/index.js";
import { compress } from "./compress.js";
import { METHODS } from "./registry.js";

const matrix = { data: Float32Array.from({ length: 32 }, (_, i) => (i * 7) % 11), count: 16, dim: 2 };
const scores = Float32Array.from({ length: 16 }, (_, i) => (i % 5) / 10);
const table = createTokenTable({
  features: matrix,
  keys: matrix,
  clsAttention: scores,
  textSimilarity: scores,
  wordSimilarity: matrix,
  grids: [squareGrid(16)],
});

describe.each(METHODS.map((method) => [method.id, method] as const))("options of %s", (_, method) => {
  it("are a plain record, and so is the context", () => {
    for (const odd of [null, 5, "x", [], new Map(), Object.create({ size: 0 }), Object.create({ budget: 1 })]) {
      expect(() => method.plan(table, odd)).toThrow(InvalidInputError);
      expect(() => method.checkOptions?.(odd)).toThrow(InvalidInputError);
      expect(() => compress(table, odd)).toThrow(InvalidInputError);
      expect(() => method.plan(table, {}, odd)).toThrow(InvalidInputError);
    }
    expect(() => method.plan(table, {}, { kernels: {} as never })).toThrow("row kernels");
  });

  it("are checked without a table", () => {
    const check = (options: object) => () => method.checkOptions?.(options);
    check({})();
    check({ budget: { retain: 5 } })();
    for (const budget of [null, 1.5, {}, { retain: 0 }, { ratio: 2 }, { retain: 5, ratio: 0.1 }]) {
      expect(check({ budget })).toThrow(RecoupError);
    }
    expect(check({ nothing: 1 })).toThrow("options among budget");
    for (const name of method.options) expect(check({ [name]: {}, length: 1 })).toThrow(RecoupError);
    if (method.dynamic) check({ budget: "dynamic" })();
    else expect(check({ budget: "dynamic" })).toThrow("a fixed budget");
  });
});
