import { describe, expect, it } from "vitest";
import {
  applyPlan,
  BudgetError,
  createTokenTable,
  InvalidInputError,
  MissingSignalError,
  planRows,
  rowCount,
} from "../core/index.js";
import { syntheticTable } from "../testing/index.js";
import { clsTopK } from "./cls-topk.js";
import { none } from "./none.js";
import { pool } from "./pool.js";
import { random } from "./random.js";
import { textTopK } from "./text-topk.js";
import { uniform } from "./uniform.js";

/** Features 0, 1, 2, … of one column, on one grid. */
function counting(rows: number, columns: number) {
  const count = rows * columns;
  const features = { data: Float32Array.from({ length: count }, (_, id) => id), count, dim: 1 };
  return { ...createTokenTable({ features, grids: [{ rows, columns, offset: 0 }] }), features };
}

describe("none", () => {
  const table = syntheticTable({ rows: 4, columns: 4, dim: 3 });

  it("keeps all tokens without a budget, and with a budget of all", () => {
    expect(Array.from(none.plan(table).anchor)).toEqual(Array.from(table.source));
    expect(none.plan(table, { budget: { retain: 16 } })).toEqual(none.plan(table));
    expect(none.plan(table, { budget: { ratio: 1 } })).toEqual(none.plan(table));
  });

  it("refuses a smaller budget instead of ignoring it", () => {
    expect(() => none.plan(table, { budget: { retain: 15 } })).toThrow(
      new BudgetError({ operation: "none", expected: "all 16 tokens", got: "15" }),
    );
  });
});

describe("random", () => {
  const table = syntheticTable({ rows: 24, columns: 24, dim: 1 });
  const kept = (seed: number, retain: number) => Array.from(random.plan(table, { seed, budget: { retain } }).anchor);

  it("repeats for a seed, and starts at seed 0", () => {
    // Computed apart, in Python.
    expect(kept(0, 5)).toEqual([52, 216, 217, 294, 480]);
    expect(Array.from(random.plan(table, { budget: { retain: 5 } }).anchor)).toEqual(kept(0, 5));
    expect(kept(1, 5)).not.toEqual(kept(0, 5));
  });

  it("keeps what a smaller budget of the same seed kept", () => {
    const larger = new Set(kept(3, 100));
    expect(kept(3, 30).every((id) => larger.has(id))).toBe(true);
  });

  it("keeps every token equally often", () => {
    const times = new Uint32Array(576);
    for (let seed = 0; seed < 2000; seed++) for (const id of kept(seed, 64)) times[id]++;
    // 222 on average, standard deviation 14; five of them.
    expect(Math.min(...times)).toBeGreaterThan(222 - 70);
    expect(Math.max(...times)).toBeLessThan(222 + 70);
  });

  it.each([-1, 2 ** 32, 0.5, Number.NaN])("refuses the seed %s", (seed) => {
    expect(() => random.plan(table, { seed })).toThrow(InvalidInputError);
  });
});

describe("uniform", () => {
  it("keeps the middle of each of 3 x 3 cells of 9 x 9", () => {
    expect(Array.from(uniform.plan(counting(9, 9), { budget: { retain: 9 } }).anchor)).toEqual([
      10, 13, 16, 37, 40, 43, 64, 67, 70,
    ]);
  });

  it("keeps 64 of 24 x 24 as 8 x 8, by default", () => {
    const lines = [1, 4, 7, 10, 13, 16, 19, 22];
    expect(Array.from(uniform.plan(counting(24, 24)).anchor)).toEqual(
      lines.flatMap((row) => lines.map((column) => 24 * row + column)),
    );
  });

  it("stands on the same tokens as pool at the same budget", () => {
    const table = counting(13, 11);
    for (const retain of [1, 7, 40, 120]) {
      expect(uniform.plan(table, { budget: { retain } }).anchor).toEqual(
        pool.plan(table, { budget: { retain } }).anchor,
      );
    }
  });
});

describe("pool", () => {
  it("averages 2 x 2 blocks of 4 x 4 by default", () => {
    const table = counting(4, 4);
    const plan = pool.plan(table);
    expect(
      planRows(plan).map((row) => ({
        ...row,
        sources: [...Array.from(row.sources)],
        weights: [...Array.from(row.weights)],
      })),
    ).toEqual([
      { role: "merged", anchor: 0, sources: [0, 1, 4, 5], weights: [0.25, 0.25, 0.25, 0.25] },
      { role: "merged", anchor: 2, sources: [2, 3, 6, 7], weights: [0.25, 0.25, 0.25, 0.25] },
      { role: "merged", anchor: 8, sources: [8, 9, 12, 13], weights: [0.25, 0.25, 0.25, 0.25] },
      { role: "merged", anchor: 10, sources: [10, 11, 14, 15], weights: [0.25, 0.25, 0.25, 0.25] },
    ]);
    expect(Array.from(applyPlan(plan, table.features).data)).toEqual([2.5, 4.5, 10.5, 12.5]);
  });

  it("has smaller blocks at the edges of a grid that the size does not divide, and keeps a lone corner as it is", () => {
    const table = counting(3, 3);
    const plan = pool.plan(table, { size: 2 });
    expect(Array.from(applyPlan(plan, table.features).data)).toEqual([2, 3.5, 6.5, 8]);
    expect(planRows(plan).map((row) => row.role)).toEqual(["merged", "merged", "merged", "visual"]);
  });

  it("gives 2 x 2 blocks for their own number as budget on an even grid", () => {
    const table = counting(24, 24);
    expect(pool.plan(table, { budget: { retain: 144 } })).toEqual(pool.plan(table));
  });

  it("meets any budget exactly, each token in one row with weights that sum to 1", () => {
    const table = counting(5, 7);
    for (let retain = 1; retain <= 35; retain++) {
      const plan = pool.plan(table, { budget: { retain } });
      expect(rowCount(plan)).toBe(retain);
      expect(Array.from(plan.sources).sort((a, b) => a - b)).toEqual(Array.from(table.source));
      for (const { weights } of planRows(plan)) {
        expect(Array.from(weights).reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      }
    }
  });

  it("is the identity for blocks of one token", () => {
    expect(pool.plan(counting(2, 2), { size: 1 })).toEqual(none.plan(counting(2, 2)));
  });

  it("averages each frame on its own", () => {
    const table = syntheticTable({ rows: 2, columns: 2, dim: 2, pictures: 3 });
    const plan = pool.plan(table);
    expect(planRows(plan).map((row) => Array.from(row.sources))).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ]);
  });

  it("refuses a budget together with a size, a size that is no whole number, a dynamic budget", () => {
    const table = counting(4, 4);
    expect(() => pool.plan(table, { size: 2, budget: { retain: 4 } })).toThrow(
      "pool: expected budget or size, not both",
    );
    for (const size of [0, 1.5, Number.NaN, -2]) expect(() => pool.plan(table, { size })).toThrow(InvalidInputError);
    expect(() => pool.plan(table, { budget: "dynamic" })).toThrow(BudgetError);
    const { grids, ...withoutGrid } = table;
    expect(() => pool.plan(withoutGrid, { size: 2 })).toThrow(MissingSignalError);
  });
});

describe("text-topk", () => {
  const table = createTokenTable({
    features: { data: new Float32Array(5), count: 5, dim: 1 },
    textSimilarity: Float32Array.of(0.1, 0.3, -0.2, 0.3, 0),
  });

  it("keeps the most similar tokens, of equal ones the lower id, as text rows", () => {
    const plan = textTopK.plan(table, { budget: { retain: 1 } });
    expect(planRows(plan)).toMatchObject([{ role: "text", anchor: 1 }]);
    expect(Array.from(textTopK.plan(table, { budget: { retain: 3 } }).anchor)).toEqual([0, 1, 3]);
  });

  it("keeps the least similar tokens where the model's polarity is -1", () => {
    expect(Array.from(textTopK.plan({ ...table, textPolarity: -1 }, { budget: { retain: 2 } }).anchor)).toEqual([2, 4]);
  });

  it("finds the target of a made-up picture, which CLS attention misses", () => {
    const picture = syntheticTable({ rows: 24, columns: 24, dim: 2, seed: 4 });
    const target = new Set(picture.target);
    const found = (anchor: Uint32Array) => anchor.filter((id) => target.has(id)).length / anchor.length;
    const budget = { retain: Math.min(20, target.size) };
    expect(found(textTopK.plan(picture, { budget }).anchor)).toBe(1);
    expect(found(clsTopK.plan(picture, { budget }).anchor)).toBe(0);
  });
});
