import { describe, expect, it } from "vitest";
import {
  BudgetError,
  budgetRows,
  type CompressionMethod,
  type CompressionPlan,
  InvalidInputError,
  type MethodContext,
  type MethodOptions,
  orderRows,
  ownRow,
  shape,
  type TokenTable,
} from "../core/index.js";
import { topK } from "../math/index.js";
import { defineDynamicMethod, METHODS } from "../methods/index.js";
import { assertMethod, checkMethod, METHOD_PROPERTIES, type MethodProperty } from "./index.js";

/** A method as it should be: tokens by their similarity. */
const good = defineDynamicMethod<MethodOptions & { alpha?: number }, "features" | "textSimilarity", "alpha">({
  id: "mine",
  summary: "the most similar tokens",
  reference: "none",
  needs: ["features", "textSimilarity"],
  options: { alpha: shape.described(shape.range(0, 1), "weight of the similarity", 0.5) },
  choose({ table, retain = Math.min(10, table.count) }, { alpha }) {
    const scores = table.textSimilarity.map((value) => alpha * table.textPolarity * value);
    return kept(topK(scores, retain), table.count);
  },
});

function kept(ids: ArrayLike<number>, count: number): CompressionPlan {
  return orderRows(
    Array.from(ids, (id) => ownRow("visual", id)),
    count,
    "grid",
  );
}

type Plan = (plan: CompressionPlan, table: TokenTable, options: MethodOptions, context?: MethodContext) => unknown;

/** The good method with its plan changed. */
function spoilt(change: Plan, more: Partial<CompressionMethod> = {}): CompressionMethod {
  return {
    ...good,
    ...more,
    plan: (table, options = {}, context) =>
      change(good.plan(table, options, context), table, options, context) as CompressionPlan,
  };
}

/** Without the checks of defineMethod. */
function unchecked(choose: (table: TokenTable, options: Record<string, unknown>) => unknown): CompressionMethod {
  const plan = (table: TokenTable, options: object = {}) => choose(table, options as Record<string, unknown>);
  return { ...good, plan: plan as CompressionMethod["plan"] };
}

const retained = ({ budget }: Record<string, unknown>, table: TokenTable) =>
  (budget as { retain?: number } | undefined)?.retain ?? Math.min(10, table.count);
const first = (count: number, table: TokenTable) =>
  kept(
    Array.from({ length: Math.max(1, Math.min(table.count, Math.floor(count) || 1)) }, (_, id) => id),
    table.count,
  );

let asked = 0;
const shared = new Uint32Array(200);

const BROKEN: readonly (readonly [MethodProperty, string, CompressionMethod, RegExp])[] = [
  ["parts", "no object", undefined as never, /expected a method, as defineMethod makes it.*got undefined/],
  ["parts", "a class", class {} as never, /got a function or class: of a class, new of it/],
  ["parts", "no plan", { ...good, plan: undefined } as never, /expected plan as a function, got nothing/],
  ["parts", "an id of two words", { ...good, id: "my method" }, /expected id as a short name.*"my method"/],
  ["parts", "a signal of another name", { ...good, needs: ["depth" as never] }, /needs\[0\] as one of "features"/],
  ["valid-plan", "nothing", spoilt(() => undefined), /must return a plan, as orderRows makes it, got undefined/],
  ["valid-plan", "a promise", spoilt(async (plan) => plan), /got a promise: await what it needs at the top/],
  ["valid-plan", "no rows", spoilt((_, table) => kept([], table.count)), /1 to 144 rows, got 0/],
  ["valid-plan", "an id out of range", spoilt((_, t) => kept([t.count], t.count)), /orderRows: .*below 144, got 144/],
  [
    "valid-plan",
    "an anchor out of range",
    spoilt((plan, { count }) => ({ ...plan, anchor: plan.anchor.map(() => count) })),
    /an anchor below 144, got 144/,
  ],
  ["valid-plan", "of another table", spoilt((_, t) => kept([0], t.count + 1)), /sourceCount must be 144.*got 145/],
  [
    "valid-plan",
    "a weight that is no number",
    spoilt((plan) => ({ ...plan, weights: plan.weights.map(() => Number.NaN) })),
    /finite weights, got NaN/,
  ],
  [
    "valid-plan",
    "anchors that fall in order grid",
    spoilt((_, t) => ({ ...orderRows([ownRow("visual", 5), ownRow("visual", 3)], t.count, "append"), order: "grid" })),
    /anchors must ascend in order "grid" \(orderRows sorts them\), got 3 behind 5/,
  ],
  [
    "valid-plan",
    "an error",
    spoilt(() => {
      throw new TypeError("no such thing");
    }),
    /plan threw TypeError: no such thing \(without a budget on a table of 1 x 12 x 12 tokens, seed 1\)/,
  ],
  [
    "exact-budget",
    "a row too few",
    spoilt((p, t) => (p.roles.length > 8 ? first(p.roles.length - 1, t) : p)),
    /got 15/,
  ],
  [
    "exact-budget",
    "a row too many",
    spoilt((p, t) => (t.count > 3 ? first(p.roles.length + 1, t) : p)),
    /1 rows?, got 2/,
  ],
  [
    "identity",
    "all tokens but one",
    spoilt((p, t) => (p.roles.length === t.count ? { ...p, weights: p.weights.fill(2) } : p)),
    /weights\[0\] is 2 and not 1/,
  ],
  [
    "bounds",
    "one row above the upper bound",
    spoilt((p, t, { budget }) => (Object.hasOwn(Object(budget), "max") ? first(13, t) : p)),
    /10 to 12 rows, got 13 \(budget 10\.\.12 on a table/,
  ],
  ["dynamic", "a dynamic budget that it said it lacks", { ...good, dynamic: false }, /dynamic is not true/],
  [
    "own-rows",
    "a token in two rows",
    spoilt((p, t) => (p.roles.length === 40 ? kept([...Array(39).keys(), 3], t.count) : p)),
    /token 3 must stand in one row, got 2/,
  ],
  [
    "own-rows",
    "a token with weight 2",
    spoilt((p, t) => (p.roles.length === 10 && t.count > 20 ? { ...p, weights: p.weights.map(() => 2) } : p)),
    /one token with weight 1/,
  ],
  [
    "order",
    "rows that fall",
    spoilt((p, t) => {
      const rows = Array.from(p.anchor, (id) => ownRow("visual", id)).reverse();
      return p.roles.length === t.count ? p : orderRows(rows, t.count, "append");
    }),
    /rows must ascend by their anchors/,
  ],
  [
    "pure",
    "a choice at random",
    spoilt((p, t) =>
      p.roles.length === 10 && t.count > 20 ? kept([Math.floor(Math.random() * 1e9) % 80], t.count) : p,
    ),
    /another plan/,
  ],
  [
    "pure",
    "a counter",
    spoilt((p, t) => (p.roles.length === 10 && t.count > 20 ? kept([asked++ % t.count], t.count) : p)),
    /another plan the second time .* seed 1: sources\[0\] is \d+ and not \d+/,
  ],
  [
    "pure",
    "arrays that it uses again",
    spoilt((p) => {
      shared.set(p.sources);
      return { ...p, sources: shared.subarray(0, p.sources.length) };
    }),
    /seed 1|a plan that was returned earlier was changed: \[\d\]\.sources\[/,
  ],
  [
    "only-reads",
    "sorted similarities",
    spoilt((p, t) => {
      const column = t.textSimilarity as Float32Array;
      if (t.count > 20 && p.roles.length === 5) column.fill(1);
      return p;
    }),
    /a table of 1 x 12 x 12 tokens, seed 1 was changed: textSimilarity\[0\] is 1 and not/,
  ],
  [
    "kernels",
    "a choice by the kind of kernels",
    spoilt((p, t, _, context) => (context?.kernels?.id === "simd" ? first(3, t) : p)),
    /another plan with SIMD/,
  ],
  [
    "polarity",
    "the sign as it is",
    unsigned(),
    /another plan on a table .*, with textPolarity -1 and similarities turned/,
  ],
  [
    "flat",
    "an error where all is equal",
    spoilt((p, t) => {
      if (t.textSimilarity?.every((value) => value === t.textSimilarity?.[0]) && t.count > 3)
        throw new Error("range 0");
      return p;
    }),
    /plan threw Error: range 0 \(without a budget on a table of 6 x 6 equal tokens, features 0\)/,
  ],
  [
    "extreme",
    "an error at huge numbers",
    spoilt((p, t) => {
      if (t.features?.data.some((value) => value > 1e10)) throw new Error("overflow");
      return p;
    }),
    /overflow \(without a budget on a table of 4 x 5 extreme numbers, seed \d\)/,
  ],
  [
    "magnitudes",
    "a token twice where squares overflow",
    spoilt((p, t) => {
      const isLarge = t.features?.data.some((value) => value > 1e18 && value !== Math.fround(1e18));
      return isLarge && p.roles.length === 6 ? kept([0, 0, 1, 2, 3, 4], t.count) : p;
    }),
    /must be kept once, got token 0 twice \(a table of 4 x 5 numbers up to/,
  ],
  [
    "small",
    "an error at few tokens",
    spoilt((p, t) => {
      if (t.count < 3) throw new Error("too few");
      return p;
    }),
    /too few \(without a budget on a table of 1 x 1 tokens, seed 1\)/,
  ],
  [
    "declared-signals",
    "keys that it does not say it reads",
    spoilt((p, t) => (t.keys && p.roles.length === 10 && t.count > 20 ? first(9, t) : p)),
    /another plan on .*, with features, textSimilarity alone/,
  ],
  [
    "used-signals",
    "an error where a signal is missing that it says it uses",
    spoilt(
      (p, t) => {
        if (t.grids === undefined) throw new Error("no grid");
        return p;
      },
      { uses: ["grid"] },
    ),
    /no grid \(without a budget on a table of .*, without grid\)/,
  ],
  ["missing-signals", "no refusal", unchecked((t, o) => first(retained(o, t), t)), /without features must be refused/],
  [
    "impossible-budgets",
    "rows within bounds",
    unchecked((t, o) => first(retained(o, t), t)),
    /budget of 0 rows must be/,
  ],
  ["unknown-options", "any option", unchecked((t, o) => first(retained(o, t), t)), /an option noSuchOption must be/],
];

function unsigned(): CompressionMethod {
  return {
    ...good,
    plan: (table, options, context) => good.plan({ ...table, textPolarity: 1 }, options, context),
  };
}

describe("assertMethod", () => {
  it.each(METHODS)("holds of $id", (method) => {
    assertMethod(method);
  });

  it("holds of a method of one's own, by default and with its options", () => {
    assertMethod(good);
    assertMethod(good, { options: { alpha: 0.25 } });
    expect(checkMethod(good).map(({ property }) => property)).toEqual(METHOD_PROPERTIES.map(({ id }) => id));
  });

  it("holds of an instance of a class", () => {
    class Mine implements CompressionMethod {
      readonly id = "mine";
      readonly summary = "";
      readonly reference = "";
      get needs() {
        return good.needs;
      }
      readonly dynamic = true;
      readonly options = ["alpha"];
      plan(...args: Parameters<CompressionMethod["plan"]>) {
        return good.plan(...args);
      }
    }
    assertMethod(new Mine());
  });

  it("holds of a method that refuses fixed budgets by an error of its own class", () => {
    class NoFixedBudget extends BudgetError {}
    const loose = spoilt((plan, table, { budget }) => {
      const { retain } = budgetRows("mine", budget ?? "dynamic", table.count);
      if (retain === undefined || retain === table.count) return plan;
      throw new NoFixedBudget({ operation: "mine", problem: "it finds its own number of rows" });
    });
    assertMethod(loose);
  });

  it("is told of each property before it is checked", () => {
    const begun: string[] = [];
    const results = checkMethod(good, { except: ["kernels"] }, ({ property }) => begun.push(property));
    expect(begun).toEqual(results.map(({ property }) => property));
  });

  it("says which function of a method throws", () => {
    const needsWith = () => {
      throw new Error("no");
    };
    const broken = checkMethod({ ...good, needsWith }).find((result) => result.broken !== undefined);
    expect(broken).toMatchObject({ property: "declared-signals", broken: "needsWith threw Error: no" });
  });

  it.each(BROKEN)("catches by %s: %s", (property, _, method, message) => {
    const results = checkMethod(method);
    expect(results.find((result) => result.property === property)).toEqual({
      property,
      says: expect.any(String),
      broken: expect.stringMatching(message),
    });
    expect(() => assertMethod(method)).toThrow(InvalidInputError);
    expect(() => assertMethod(method)).toThrow(/^assertMethod: .* does not keep to ".*" \(.*\): /);
  });

  it("has a broken method for every property", () => {
    const broken = new Set(BROKEN.map(([property]) => property));
    expect(METHOD_PROPERTIES.map(({ id }) => id).filter((id) => !broken.has(id))).toEqual([]);
  });

  it("leaves out what a method breaks on purpose, by the property's name alone", () => {
    const rough = spoilt((p, t) => (p.roles.length > 8 && p.roles.length < t.count ? first(p.roles.length - 1, t) : p));
    assertMethod(rough, { except: ["exact-budget", "bounds", "polarity", "pure"] });
    expect(() => assertMethod(rough, { except: ["exact" as never] })).toThrow(/properties of parts, .*got exact$/);
    expect(() => assertMethod(rough, { except: ["bound" as never] })).toThrow(/got bound; did you mean bounds\?$/);
    expect(() => assertMethod(rough, { option: {} } as never)).toThrow(/got option; did you mean options\?$/);
    expect(() => assertMethod(good, { options: { beta: 1 } })).toThrow(/options among budget, alpha, got beta/);
  });
});
