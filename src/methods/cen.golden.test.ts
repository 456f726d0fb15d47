/** `divprune-cen` and `cdpruner-cen` against independent implementations in numpy, python/recoup_fixtures/cen_reference.py: tests/golden/cen. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createTokenTable } from "../core/index.js";
import { parseSafetensors } from "../files/index.js";
import { defaultKernels, type Matrix } from "../math/index.js";
import { cdPrunerCen } from "./cdpruner.js";
import { divPruneCen } from "./divprune.js";
import { centered } from "./shared/centering.js";

const root = new URL("../../tests/golden/cen/", import.meta.url);

const names = readdirSync(root)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -5));

it("has four tables", () => {
  expect(names).toHaveLength(4);
});

describe.each(names)("%s", (name) => {
  const facts = JSON.parse(readFileSync(new URL(`${name}.json`, root), "utf8"));
  const { tensors } = parseSafetensors(new Uint8Array(readFileSync(new URL(`${name}.safetensors`, root))));
  const values = (tensor: string) => tensors.get(tensor)?.data as Float32Array | undefined;
  const [count, dim] = tensors.get("features")?.shape ?? [];
  const table = createTokenTable({
    features: { data: values("features") as Float32Array, count, dim },
    textSimilarity: values("similarity"),
    textPolarity: facts.polarity,
  });

  it.each([divPruneCen, cdPrunerCen])("$id keeps the same tokens, and in the same order", ({ id, plan }) => {
    const order: number[] = facts[id];
    order.forEach((_, t) => {
      const kept = Array.from(plan(table, { budget: { retain: t + 1 } }).anchor);
      expect(kept).toEqual(order.slice(0, t + 1).sort((a, b) => a - b));
    });
  });
});

describe("centered", () => {
  const of = (...rows: number[][]): Matrix => ({
    data: Float32Array.from(rows.flat()),
    count: rows.length,
    dim: rows[0].length,
  });

  it("takes the mean row away, and knows which token is least like all", () => {
    const { features, quality } = centered(of([1, 0], [1, 0], [1, 2]), defaultKernels());
    [0, -2 / 3, 0, -2 / 3, 0, 4 / 3].forEach((value, i) => {
      expect(features.data[i]).toBeCloseTo(value, 6);
    });
    expect([...quality]).toEqual([0, 0, 1]);
  });

  it("leaves nothing of equal rows but equal quality, at any magnitude", () => {
    for (const magnitude of [0, 0.1, 1e10]) {
      const row = [0.3 * magnitude, magnitude, -0.7 * magnitude];
      const { features, quality } = centered(of(row, row, row, row, row, row, row), defaultKernels());
      expect(Array.from(features.data, Math.abs)).toEqual(new Array(21).fill(0));
      expect([...quality]).toEqual(new Array(7).fill(1));
    }
  });

  it("says of rows of one direction that all are alike, whatever their lengths", () => {
    const { quality } = centered(of([0.1, 0.3], [0.7, 2.1], [1.3, 3.9]), defaultKernels());
    expect([...quality]).toEqual([1, 1, 1]);
  });
});
