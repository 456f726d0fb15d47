import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Budget,
  BudgetError,
  createTokenTable,
  InvalidInputError,
  OfficialFailureError,
  planRows,
  roleCounts,
  type TokenTable,
} from "../../core/index.js";
import { randomSource } from "../../math/index.js";
import { syntheticTable } from "../../testing/index.js";
import { type RecoverableOptions, recoverable, recoverableSteps } from "./index.js";

const COUNT = 40;

/** Evenly spaced scores, of which none is an outlier, with a few set to values that stand apart. */
function scores(base: number, step: number, apart: Record<number, number>): Float32Array {
  return Float32Array.from({ length: COUNT }, (_, id) => apart[id] ?? base + step * id);
}

interface Parts {
  readonly attention?: Record<number, number>;
  readonly text?: Record<number, number>;
  readonly keys?: Float32Array;
}

/** 40 tokens; attention 0.001 … 0.00139, similarity 0.1 … 0.139, keys random, features the ids. */
function table({ attention = {}, text = {}, keys }: Parts = {}): TokenTable {
  const random = randomSource(1);
  return createTokenTable({
    features: { data: Float32Array.from({ length: COUNT }, (_, id) => id), count: COUNT, dim: 1 },
    keys: { data: keys ?? Float32Array.from({ length: COUNT * 4 }, () => random.unit() - 0.5), count: COUNT, dim: 4 },
    clsAttention: scores(0.001, 0.00001, attention),
    textSimilarity: scores(0.1, 0.001, text),
  });
}

const clear = table({ attention: { 5: 0.2, 17: 0.25 }, text: { 30: 0.5, 31: 0.42, 32: 0.46 } });
const ids = (plan: ReturnType<typeof recoverable.plan>, role: string) =>
  planRows(plan)
    .filter((row) => row.role === role)
    .map(({ anchor }) => anchor);

/** Attention rises to token 20 and falls again, but for token 5; keys lie on a half circle in the order of the ids. */
const hill = table({
  attention: { ...Array.from({ length: COUNT }, (_, id) => 0.001 - 0.00001 * Math.abs(id - 20)), 5: 0.2 },
  keys: Float32Array.from({ length: COUNT * 4 }, (_, i) =>
    i % 4 > 1 ? 0 : (i % 4 === 0 ? Math.cos : Math.sin)((Math.PI * Math.floor(i / 4)) / COUNT),
  ),
});
const mergedSources = (plan: ReturnType<typeof recoverable.plan>) =>
  planRows(plan)
    .filter(({ role }) => role === "merged")
    .map(({ sources }) => Array.from(sources));

describe("recoverable, variant paper", () => {
  it("keeps the attention's high outliers, recovers the text's, and merges all else", () => {
    const plan = recoverable.plan(clear);
    expect(ids(plan, "visual")).toEqual([5, 17]);
    expect(ids(plan, "text")).toEqual([30, 31, 32]);
    expect(roleCounts(plan)).toEqual({ visual: 2, text: 3, merged: 0, residual: 1 });
    const residual = planRows(plan)[5];
    expect(residual.sources).toHaveLength(35);
    // Highest attention of the rest.
    expect(residual.anchor).toBe(39);
  });

  it("does not count low outliers", () => {
    const low = table({ attention: { 3: 0.2, 8: 1e-9 }, text: { 20: 0.4, 21: -0.9, 22: -0.8 } });
    expect(roleCounts(recoverable.plan(low))).toMatchObject({ visual: 1, text: 1 });
    expect(recoverableSteps(low, { variant: "official" }).visual.ranked.length).toBeGreaterThan(1);
  });

  it("recovers the least similar tokens with negative polarity", () => {
    const inverted = table({ attention: { 5: 0.2 }, text: { 11: -0.3, 12: -0.35 } });
    expect(ids(recoverable.plan({ ...inverted, textPolarity: -1 }), "text")).toEqual([11, 12]);
    expect(ids(recoverable.plan(inverted), "text")).toEqual([]);
  });

  it("lets tokens that the visual filter took not count among the text's", () => {
    const shared = table({ attention: { 5: 0.2, 17: 0.25 }, text: { 5: 0.5, 30: 0.49 } });
    const steps = recoverableSteps(shared);
    expect(Array.from(steps.text.source)).toEqual([30]);
    expect(steps.text.scale?.factors).toHaveLength(COUNT - 2);
  });

  it("keeps the token with the highest attention when nothing stands out; the lower id among equals", () => {
    expect(ids(recoverable.plan(table()), "visual")).toEqual([39]);
    const equal = createTokenTable({
      features: { data: new Float32Array(9), count: 9, dim: 1 },
      keys: { data: new Float32Array(9), count: 9, dim: 1 },
      clsAttention: new Float32Array(9).fill(0.1),
      textSimilarity: new Float32Array(9),
    });
    expect(ids(recoverable.plan(equal), "visual")).toEqual([0]);
    expect(recoverable.plan(equal, { variant: "official" }).roles).toHaveLength(0);
    expect(roleCounts(recoverable.plan(equal, { variant: "official-alt" }))).toMatchObject({ visual: 0, residual: 1 });
  });

  it("weights merged rows as released with sum, and to 1 with mean", () => {
    const options = { budget: { retain: 8 } } as const;
    const [sum, mean] = (["sum", "mean"] as const).map((merge) =>
      planRows(recoverable.plan(clear, { ...options, merge })),
    );
    const attention = clear.clsAttention ?? new Float32Array(0);
    for (const { role, sources, weights } of sum.filter(({ role }) => role === "merged" || role === "residual")) {
      const expected = Array.from(sources, (id, e) => (role === "merged" && e === 0 ? 1 : attention[id]));
      expect(Array.from(weights)).toEqual(expected);
    }
    mean.forEach(({ role, sources, weights }, row) => {
      expect(sources).toEqual(sum[row].sources);
      expect(Array.from(weights).reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      if (role === "merged")
        expect(weights[0] / weights[1]).toBeCloseTo(attention[sources[0]] / attention[sources[1]], 4);
    });
  });

  it("takes the neighbors whose keys point the same way, and the text's where it weighs more", () => {
    const options: RecoverableOptions = { budget: { retain: 8 }, mergeNeighbors: 2 };
    const byKeys = recoverableSteps(hill, { ...options, textWeight: 0 });
    expect(mergedSources(byKeys.plan)).toEqual([[21, 22, 23]]);
    const byText = recoverableSteps(hill, { ...options, textWeight: 1e4 });
    expect(mergedSources(byText.plan)).toEqual([[21, 36, 35]]);
  });

  it("takes all candidates when there are fewer than 32", () => {
    const steps = recoverableSteps(clear, { budget: { retain: 20 } });
    for (const list of steps.neighbors) expect(list).toHaveLength(Math.min(32, steps.rest.length - 1));
  });

  it("orders rows by anchor on request", () => {
    const plan = recoverable.plan(clear, { order: "grid", budget: { retain: 12 } });
    expect(Array.from(plan.anchor)).toEqual(Array.from(plan.anchor).sort((a, b) => a - b));
  });
});

describe("recoverable, official variants", () => {
  it("read the keys of the rest at rows counted within the rest", () => {
    const options: RecoverableOptions = { budget: { retain: 8 }, mergeNeighbors: 2, textWeight: 0 };
    const { rest, centers, plan } = recoverableSteps(hill, { ...options, variant: "official" });
    // Token 21 stands at position 18 of the rest; rows 17 and 19 are the nearest keys, tokens 18 and 22 at these positions.
    expect([Array.from(centers.ranked), rest[17], rest[18], rest[19]]).toEqual([[18], 18, 21, 22]);
    expect(mergedSources(plan).map(([center, ...sources]) => [center, ...sources.sort()])).toEqual([[21, 18, 22]]);
  });

  it.each(["official", "official-alt"] as const)("%s raises on one token, as scikit-learn does", (variant) => {
    const one = syntheticTable({ rows: 1, columns: 1, dim: 4 });
    expect(() => recoverable.plan(one, { variant })).toThrow(OfficialFailureError);
    expect(recoverable.plan(one).roles).toHaveLength(1);
  });

  it("raises with the stage where fewer than 32 neighbors are left", () => {
    const few = table({ attention: { 5: 0.2, 17: 0.25, 20: 0.05, 21: 0.06, 22: 0.07, 23: 0.08, 24: 0.09, 25: 0.1 } });
    const call = () => recoverable.plan(few, { variant: "official", budget: { retain: 20 } });
    expect(call).toThrow(OfficialFailureError);
    try {
      call();
    } catch (error) {
      expect((error as OfficialFailureError).stage).toBe("neighbor top-k");
    }
  });
});

describe("budgets of recoverable", () => {
  it("give exactly K rows for every K, each kind from 3 on", () => {
    for (const variant of ["paper", "official-alt"] as const) {
      for (let retain = 1; retain < COUNT; retain++) {
        const options: RecoverableOptions = { variant, budget: { retain }, mergeNeighbors: 1 };
        const counts = roleCounts(recoverable.plan(clear, options));
        const { visual, text, merged, residual } = counts;
        expect(visual + text + merged + residual).toBe(retain);
        expect([visual > 0, text > 0 || retain < 2, merged + residual > 0 || retain < 3]).toEqual([true, true, true]);
      }
    }
  });

  it("keep the dynamic shares: twice the rows, twice of each", () => {
    expect(roleCounts(recoverable.plan(clear, { budget: { retain: 12 } }))).toEqual({
      visual: 4,
      text: 6,
      merged: 1,
      residual: 1,
    });
  });

  it("keep a dynamic number within floor and cap", () => {
    expect(recoverable.plan(clear).roles).toHaveLength(6);
    const rows = (budget: Budget) => recoverable.plan(clear, { budget }).roles.length;
    expect([rows({ min: 4, max: 9 }), rows({ min: 9 }), rows({ max: 3 })]).toEqual([6, 9, 3]);
    expect([rows({ min: COUNT }), rows({ min: COUNT + 1 })]).toEqual([COUNT, COUNT]);
  });

  it("tell the steps of a number within bounds", () => {
    expect(recoverableSteps(clear, { budget: { max: 3 } }).plan).toEqual(recoverable.plan(clear, { budget: 3 }));
    expect(() => recoverableSteps(clear, { budget: { min: COUNT } })).toThrow(BudgetError);
  });

  it.each<Budget>([{ min: -1 }, { max: 0 }, { min: 5, max: 4 }, { max: 2.5 }])("refuse the bounds %j", (budget) => {
    expect(() => recoverable.plan(clear, { budget })).toThrow(BudgetError);
  });

  it.each([{ mergeNeighbors: -1 }, { textWeight: Number.NaN }, { outlierNeighbors: { rest: 0 } }, { merge: "max" }])(
    "refuse the option %j",
    (options) => {
      expect(() => recoverable.plan(clear, options as RecoverableOptions)).toThrow(InvalidInputError);
    },
  );
});

describe("recoverableSteps", () => {
  it("ends in the plan of recoverable, and explains it", () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.constantFrom("paper", "official-alt"), (seed, variant) => {
        const random = syntheticTable({ rows: 9, columns: 9, dim: 8, seed });
        const options = { variant, mergeNeighbors: 5 } as RecoverableOptions;
        const { plan, visual, text, rest, centers } = recoverableSteps(random, options);
        expect(plan).toEqual(recoverable.plan(random, options));
        expect(visual.source.length + text.source.length + rest.length).toBe(81);
        expect(centers.ranked.length + centers.others.length).toBe(rest.length);
      }),
      { numRuns: 40 },
    );
  });

  it("has nothing to explain for a budget of all tokens", () => {
    expect(() => recoverableSteps(clear, { budget: { retain: COUNT } })).toThrow(BudgetError);
  });
});
