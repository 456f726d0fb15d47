import { describe, expect, expectTypeOf, it } from "vitest";
import { applyPlan, BudgetError, InvalidInputError, MissingSignalError } from "../core/index.js";
import { syntheticTable } from "../testing/index.js";
import { compress } from "./compress.js";
import { divPruneCen } from "./divprune.js";
import { none } from "./none.js";
import { random } from "./random.js";
import { recoup } from "./recoup/index.js";
import { uniform } from "./uniform.js";

const table = syntheticTable({ rows: 12, columns: 12, dim: 8 });

describe("compress", () => {
  it("runs recoup with its own options by default", () => {
    const { tokens, plan, grids } = compress(table, { budget: { retain: 20 }, textShare: 0.5 });
    expect(plan).toEqual(recoup.plan(table, { budget: { retain: 20 }, textShare: 0.5 }));
    expect(tokens).toEqual(applyPlan(plan, table.features));
    expect(grids).toBe(table.grids);
    expect(compress(table).plan).toEqual(recoup.plan(table));
  });

  it("needs no class token by default, and no text: the tokens' own geometry is enough", () => {
    const { clsAttention, keys, ...aligned } = syntheticTable({ rows: 6, columns: 6, dim: 8, words: 3 });
    expect(compress(aligned).report.method).toBe("recoup");
    const { textSimilarity, ...unaligned } = aligned;
    expect(compress(unaligned).report.method).toBe("divprune-cen");
    const { wordSimilarity, grids, ...bare } = unaligned;
    expect(compress(bare).plan).toEqual(divPruneCen.plan(bare));
  });

  it("hands the options to the given method", () => {
    const { plan } = compress(table, { method: random, seed: 9, budget: { retain: 5 } });
    expect(plan).toEqual(random.plan(table, { seed: 9, budget: { retain: 5 } }));
  });

  it("takes a method by its id, with that method's options", () => {
    const named = compress(table, { method: "random", seed: 9, budget: { retain: 5 } });
    expect(named).toEqual(compress(table, { method: random, seed: 9, budget: { retain: 5 } }));
    // @ts-expect-error: no such method
    expect(() => compress(table, { method: "randm" })).toThrow(/did you mean random\?/);
    // @ts-expect-error: divprune has no seed
    expect(() => compress(table, { method: "divprune", seed: 3 })).toThrow(/^divprune: expected options among budget/);
    // @ts-expect-error: the same
    expect(() => compress(table, { method: "divprune", budgte: 3 })).toThrow(/got budgte; did you mean budget\?$/);
  });

  it.each([
    [null],
    [58],
    ["random"],
    [{ method: null }],
    [{ method: 5n }],
    [{ method: {} }],
    [{ method: { plan: 1 } }],
  ])("refuses %o instead of options and a method", (options) => {
    expect(() => compress(table, options as never)).toThrow(InvalidInputError);
  });

  it("reports what it did", () => {
    expect(compress(table, { method: uniform, budget: { ratio: 0.25 } }).report).toEqual({
      method: "uniform",
      sourceCount: 144,
      rowCount: 36,
      retentionRatio: 0.25,
      roleCounts: { visual: 36, text: 0, merged: 0, residual: 0 },
      signals: ["grid"],
    });
  });

  it("reports the signals that a method used, and refuses a method that does not name any", () => {
    expect(compress(table, { method: "recoup" }).report.signals).toEqual(["features", "textSimilarity", "grid"]);
    const bare = { ...table, textSimilarity: undefined };
    expect(compress(bare, { method: "recoup" }).report.signals).toEqual(["features", "grid"]);
    for (const change of [{ needs: undefined }, { uses: 5 }])
      expect(() => compress(table, { method: { ...uniform, ...change } as never })).toThrow(InvalidInputError);
  });

  it("gives the features back bit for bit where nothing is dropped", () => {
    expect(compress(table, { method: none }).tokens).toEqual(table.features);
  });

  it("passes the method's refusal on", () => {
    expect(() => compress(table, { method: uniform, budget: { retain: 145 } })).toThrow(BudgetError);
  });

  it("refuses a table without features, even for a method that needs none", () => {
    const { features, ...rest } = table;
    expect(() => compress(rest, { method: uniform })).toThrow(MissingSignalError);
  });

  it("accepts only options that the method has", () => {
    // @ts-expect-error: uniform has no seed
    const call = () => compress(table, { method: uniform, seed: 3 });
    // @ts-expect-error: recoup has no seed
    const byDefault = () => compress(table, { seed: 3 });
    expectTypeOf(call).returns.toEqualTypeOf<ReturnType<typeof byDefault>>();
  });
});
