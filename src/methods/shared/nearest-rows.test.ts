import { describe, expect, it } from "vitest";
import { createTokenTable, InvalidInputError } from "../../core/index.js";
import { plainKernels, randomSource } from "../../math/index.js";
import { compress } from "../compress.js";
import { inverseNorms } from "./nearest-rows.js";

const norms = (values: readonly number[]) =>
  plainKernels.withRows({ data: Float32Array.from(values), count: values.length, dim: 1 }, (rows) => [
    ...inverseNorms(rows),
  ]);

function tableOf(magnitude: number) {
  const random = randomSource(7);
  const matrix = (dim: number, scale: number) => ({
    data: Float32Array.from({ length: 36 * dim }, () => (random.below(2001) / 1000 - 1) * scale),
    count: 36,
    dim,
  });
  return createTokenTable({
    features: matrix(8, magnitude),
    keys: matrix(8, magnitude),
    clsAttention: matrix(1, 1).data.map(Math.abs),
    textSimilarity: matrix(1, 1).data,
    wordSimilarity: matrix(3, 1),
    grids: [{ rows: 6, columns: 6, offset: 0 }],
  });
}

describe("inverseNorms", () => {
  it("has 1 / norm, 0 for zero rows and for those too small for float32's squares", () => {
    expect(norms([0, -0, 4, -0.5, 1e-22, 1e-45, 2 ** -50])).toEqual([0, 0, 0.25, 2, 0, 0, 2 ** 50]);
  });

  it("refuses norms whose squares overflow, with the row", () => {
    expect(() => norms([1, 2e19])).toThrow(/^cosines: expected rows of norms below 1.8e19, got a larger one at row 1$/);
  });
});

it.each(["divprune", "facility", "mmtok", "cdpruner", "visionzip", "prumerge"] as const)(
  "%s refuses features and keys whose squares overflow, and chooses at a tenth of them as at 1",
  (method) => {
    const options = method === "prumerge" ? { method } : { method, budget: 9 };
    for (const magnitude of [2e19, 1e30, 3e38]) {
      expect(() => compress(tableOf(magnitude), options)).toThrow(InvalidInputError);
    }
    // Powers of two, so that no product is rounded otherwise.
    const { plan } = compress(tableOf(1), options);
    for (const magnitude of [2 ** 60, 2 ** 15, 2 ** -40])
      expect(compress(tableOf(magnitude), options).plan).toEqual(plan);
  },
);
