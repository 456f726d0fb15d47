/**
 * @file What every method of the registry keeps to: the contract of `recoup/testing`, and beside it one table of cases for what only
 * methods of this package promise (their errors, their defaults). Where a case does not fit a method, `instead` says what holds in its
 * place, and that is tested.
 */
import { describe, expect, it } from "vitest";
import {
  applyPlan,
  assertPlan,
  type Budget,
  BudgetError,
  type CompressionMethod,
  type CompressionPlan,
  InvalidInputError,
  identityPlan,
  MissingSignalError,
  planFromJson,
  planRows,
  planToJson,
  RecoupError,
  recover,
  rowCount,
  SIGNALS,
  type Signal,
  type TokenTable,
  take,
} from "../core/index.js";
import { createSimdKernels, fromFloat16Array, type Matrix, randomSource, toFloat16Array } from "../math/index.js";
import {
  checkMethod,
  METHOD_PROPERTIES,
  type SyntheticTable,
  type SyntheticTableOptions,
  syntheticTable,
} from "../testing/index.js";
import { METHODS, type MethodId } from "./registry.js";

/** One picture, one that is not square and whose sides are odd, and three frames. */
const SIZES: Record<string, SyntheticTableOptions> = {
  "12 x 12": { rows: 12, columns: 12, dim: 16, seed: 1 },
  "13 x 7": { rows: 13, columns: 7, dim: 5, seed: 2 },
  "3 frames of 5 x 6": { rows: 5, columns: 6, dim: 8, seed: 3, pictures: 3 },
};
const TABLES = Object.values(SIZES).map(syntheticTable);
const [SQUARE] = TABLES;
const NINTH = { retain: Math.floor(SQUARE.count / 9) };

/** Values that are no table, no options, no budget, and no value of any option. */
const WRONG = [null, 1n, Symbol("s"), () => 1, [[1]]];

interface Case {
  readonly name: string;
  check(method: CompressionMethod): void;
  readonly instead?: { readonly [M in MethodId]?: Omit<Case, "instead"> };
}

const NEEDS_NOTHING: Omit<Case, "instead"> = {
  name: "needs no signal",
  check: (method) => expect(method.plan(without(SQUARE, SIGNALS))).toEqual(method.plan(SQUARE)),
};

/** As released: a center is an own row with its neighbors added, and may be another center's neighbor. */
const MERGES_EVERY_CENTER: Omit<Case, "instead"> = {
  name: "has no rows of single tokens: every center counts fully in its own row, once",
  check(method) {
    for (const plan of plansOf(method)) {
      const rows = planRows(plan);
      const centers = rows.filter(({ role }) => role === "merged");
      expect(rows.filter(({ role }) => role === "visual" || role === "text")).toEqual([]);
      expect(new Set(centers.map(({ anchor }) => anchor)).size).toBe(centers.length);
      for (const { anchor, sources, weights } of centers) expect([sources[0], weights[0]]).toEqual([anchor, 1]);
    }
  },
};

const LOOKS_AT_NOTHING: Omit<Case, "instead"> = {
  name: "does not notice reordered columns, since it looks at none",
  check(method) {
    for (const signal of SIGNALS) expect(method.plan(reordered(SQUARE, signal))).toEqual(method.plan(SQUARE));
  },
};

const CASES: readonly Case[] = [
  {
    name: "meets a budget that is a share of the tokens exactly",
    check(method) {
      for (const table of TABLES) {
        const { count } = table;
        for (const retain of [1, 2, 3, 7, Math.floor(count / 9), Math.floor(count / 2), count - 1]) {
          expect(rowCount(method.plan(table, { budget: { ratio: retain / count } }))).toBe(retain);
        }
      }
    },
    instead: {
      none: {
        name: "refuses a budget below N, since it drops nothing",
        check(method) {
          for (const retain of [1, 7, SQUARE.count - 1]) {
            expect(() => method.plan(SQUARE, { budget: { retain } })).toThrow(BudgetError);
          }
        },
      },
    },
  },
  {
    name: "keeps a ninth without a budget, as the field does, or as many as it finds if it can",
    check(method) {
      for (const table of TABLES) {
        const plan = method.plan(table);
        if (method.dynamic) expect(plan).toEqual(method.plan(table, { budget: "dynamic" }));
        else expect(rowCount(plan)).toBe(Math.floor(table.count / 9));
      }
    },
    instead: {
      none: {
        name: "keeps all without a budget",
        check: (method) => expect(method.plan(SQUARE)).toEqual(identityPlan(SQUARE.count)),
      },
      recoup: {
        name: "keeps a tenth without a budget",
        check: (method) => expect(TABLES.map((table) => rowCount(method.plan(table)))).toEqual([14, 9, 9]),
      },
      pool: {
        name: "makes blocks of 2 x 2 without a budget",
        check: (method) => expect(TABLES.map((table) => rowCount(method.plan(table)))).toEqual([36, 28, 27]),
      },
    },
  },
  {
    name: "takes a budget as a number as by its name",
    check(method) {
      for (const table of TABLES) {
        const { count } = table;
        const pairs: [Budget, Budget][] = [
          [count, { retain: count }],
          [{ retain: count }, { ratio: 1 }],
        ];
        if (method.id !== "none") pairs.push([7, { retain: 7 }], [0.2, { ratio: 0.2 }], [0.0001, 1]);
        for (const [one, other] of pairs) {
          expect(method.plan(table, { budget: one })).toEqual(method.plan(table, { budget: other }));
        }
      }
    },
  },
  {
    name: "keeps its own number within bounds, and decides as at the bound beyond them; or refuses bounds",
    check(method) {
      for (const table of TABLES) {
        const { count } = table;
        const bounded = (budget: Budget) => method.plan(table, { budget });
        if (!method.dynamic) {
          expect(() => bounded({ min: 3 })).toThrow(BudgetError);
          expect(() => bounded({ max: count })).toThrow(BudgetError);
          continue;
        }
        const own = method.plan(table);
        const rows = rowCount(own);
        expect(bounded({ min: 1, max: count })).toEqual(own);
        if (rows < count) expect(bounded({ min: rows })).toEqual(own);
        expect(bounded({ max: rows })).toEqual(own);
        for (const more of [rows + 1, count - 1, count].filter((bound) => rows < bound && bound <= count))
          expect(bounded({ min: more })).toEqual(bounded(more));
        for (const fewer of [1, 2, rows - 1].filter((bound) => bound >= 1 && bound < rows))
          expect(bounded({ max: fewer })).toEqual(bounded(fewer));
        expect(bounded({ min: 2 * count, max: 3 * count })).toEqual(identityPlan(count));
        expect(bounded({ min: 5, max: 5 })).toEqual(bounded(5));
        if (rows > 3) expect(bounded({ max: 2 / count })).toEqual(bounded(2));
      }
    },
  },
  {
    name: "is the identity for a budget of all tokens",
    check(method) {
      for (const table of TABLES) {
        const all = identityPlan(table.count);
        expect(method.plan(table, { budget: { retain: table.count } })).toEqual(all);
        expect(method.plan(table, { budget: { ratio: 1 } })).toEqual(all);
      }
    },
  },
  {
    name: "refuses a budget that cannot be met",
    check(method) {
      for (const retain of [0, -1, SQUARE.count + 1, 2.5, Number.NaN, Infinity]) {
        expect(() => method.plan(SQUARE, { budget: { retain } })).toThrow(BudgetError);
      }
      for (const ratio of [0, -0.1, 1.01, Number.NaN]) {
        expect(() => method.plan(SQUARE, { budget: { ratio } })).toThrow(BudgetError);
      }
    },
  },
  {
    name: "refuses an option that it does not know, by name",
    check(method) {
      const call = () => method.plan(SQUARE, { nonsense: undefined } as object);
      expect(call).toThrow(InvalidInputError);
      expect(call).toThrow(new RegExp(`^${method.id}: expected options among budget.*, got nonsense$`));
    },
  },
  {
    name: "refuses a value that fits none of its options",
    check(method) {
      for (const name of method.options) {
        const call = () => method.plan(SQUARE, { [name]: "nonsense" });
        expect(call, name).toThrow(RecoupError);
        expect(call, name).toThrow(/, got .*nonsense/);
      }
      expect(method.options).not.toContain("budget");
    },
  },
  {
    name: "refuses values of wrong types by its own errors, and never runs on them",
    check(method) {
      for (const wrong of WRONG) {
        for (const name of method.options) {
          expect(() => method.plan(SQUARE, { [name]: wrong }), `${name}: ${String(wrong)}`).toThrow(RecoupError);
        }
        expect(() => method.plan(SQUARE, { budget: wrong as never })).toThrow(BudgetError);
        expect(() => method.plan(wrong as never)).toThrow(InvalidInputError);
        expect(() => method.plan(SQUARE, wrong as never)).toThrow(InvalidInputError);
      }
      for (const budget of [1.5, "all", { retain: 5n }, { ratio: 1n }, { retain: "5" }, { share: 0.1 }]) {
        expect(() => method.plan(SQUARE, { budget: budget as never })).toThrow(BudgetError);
      }
    },
  },
  {
    name: "finds 1 to N rows with a dynamic budget, or refuses it",
    check(method) {
      for (const table of TABLES) {
        const dynamic = () => method.plan(table, { budget: "dynamic" });
        if (!method.dynamic) {
          expect(dynamic).toThrow(BudgetError);
          continue;
        }
        expect(rowCount(dynamic())).toBeGreaterThanOrEqual(1);
        expect(rowCount(dynamic())).toBeLessThanOrEqual(table.count);
      }
    },
  },
  {
    name: "names a signal that is missing",
    check(method) {
      for (const signal of method.needs) {
        const call = () => method.plan(without(SQUARE, [signal]), { budget: { retain: 5 } });
        expect(call).toThrow(MissingSignalError);
        expect(call).toThrow(new RegExp(`^${method.id}: expected a table with .*; missing: ${signal}$`));
      }
    },
    instead: { none: NEEDS_NOTHING, random: NEEDS_NOTHING },
  },
  {
    name: "notices when one needed column alone is reordered",
    check(method) {
      for (const signal of [...method.needs, ...(method.uses ?? [])]) {
        const budgets = [{ retain: 5 }, NINTH, { retain: 60 }];
        const differs = budgets.some((budget) => {
          const [plan, other] = [SQUARE, reordered(SQUARE, signal)].map((table) => method.plan(table, { budget }));
          return !same(plan, other);
        });
        expect([signal, differs]).toEqual([signal, !onlyApplied(method, signal)]);
      }
    },
    instead: { none: LOOKS_AT_NOTHING, random: LOOKS_AT_NOTHING },
  },
  {
    name: "refuses a part of a table",
    check(method) {
      const part = take(SQUARE as TokenTable, [3, 4, 5, 90]);
      expect(() => method.plan(part, { budget: { retain: 2 } })).toThrow(InvalidInputError);
      expect(() => method.plan(part)).toThrow(new RegExp(`^${method.id}: expected a whole table of 144 tokens`));
    },
  },
  {
    name: "is applied to float32 and float16 features alike, within half precision",
    check(method) {
      for (const table of TABLES) {
        const plan = method.plan(table);
        const { data, count, dim } = table.features;
        const exact = applyPlan(plan, table.features);
        const half = applyPlan(plan, { data: toFloat16Array(data), count, dim });
        expect([half.count, half.dim]).toEqual([exact.count, exact.dim]);
        const sizes = absoluteSums(plan, table.features);
        // Half precision rounds by 2^-11 relative at most: once each value, once each sum.
        fromFloat16Array(half.data).forEach((value, i) => {
          expect(Math.abs(value - exact.data[i])).toBeLessThanOrEqual(sizes[i] * 2 ** -10 + 2 ** -24);
        });
      }
    },
  },
  {
    name: "comes back exactly from JSON",
    check(method) {
      for (const plan of plansOf(method)) {
        expect(planFromJson(JSON.parse(JSON.stringify(planToJson(plan))))).toEqual(plan);
      }
    },
  },
  {
    name: "lets any token be recovered into a row of its own",
    check(method) {
      const plan = method.plan(SQUARE, method.id === "none" ? {} : { budget: NINTH });
      for (let id = 0; id < SQUARE.count; id++) {
        const recovered = recover(plan, [id]);
        assertPlan(method.id, recovered);
        const own = planRows(recovered).filter(
          (row) => row.anchor === id && (row.role === "visual" || row.role === "text"),
        );
        expect(own.map(({ sources, weights }) => [sources[0], weights[0]])).toEqual([[id, 1]]);
        expect(timesIn(recovered, id)).toBe(1);
      }
    },
  },
];

/** Methods whose centers are rows with others added: a case beside the contract. */
const MERGING: readonly MethodId[] = ["prumerge", "prumerge-plus"];

for (const method of METHODS) {
  describe(method.id, () => {
    const results = new Map(checkMethod(method).map((result) => [result.property, result]));
    it.each(METHOD_PROPERTIES.map(({ id, says }) => [says, id] as const))("%s", (_, id) => {
      expect(results.get(id)).toEqual({ property: id, says: expect.any(String) });
    });
    for (const each of CASES) {
      const { name, check } = each.instead?.[method.id as MethodId] ?? each;
      it(name, () => {
        expect.hasAssertions();
        check(method);
      });
    }
    if (MERGING.includes(method.id as MethodId)) it(MERGES_EVERY_CENTER.name, () => MERGES_EVERY_CENTER.check(method));
  });
}

it("runs on SIMD kernels here, so that the contract's comparison has two", () => {
  expect(createSimdKernels()?.id).toBe("simd");
});

/** Columns that a method asks for because its rows are made of them, although its choice does not look at them. */
function onlyApplied(method: CompressionMethod, signal: Signal): boolean {
  const onlyMergeFeatures: readonly MethodId[] = ["recoverable"];
  return signal === "features" && onlyMergeFeatures.includes(method.id as MethodId);
}

/** The method's plans of all tables, by default and at two budgets. */
function plansOf(method: CompressionMethod): CompressionPlan[] {
  return TABLES.flatMap((table) => [
    method.plan(table),
    ...(method.id === "none" ? [] : [2, 40].map((retain) => method.plan(table, { budget: { retain } }))),
  ]);
}

function timesIn(plan: CompressionPlan, id: number): number {
  return plan.sources.filter((source) => source === id).length;
}

function without(table: SyntheticTable, signals: readonly Signal[]): TokenTable {
  const gone = Object.fromEntries(signals.map((signal) => [signal === "grid" ? "grids" : signal, undefined]));
  return { ...table, ...gone };
}

/** The table with the rows of one column shuffled; of the grid, with a picture of another shape. */
function reordered(table: SyntheticTable, signal: Signal): TokenTable {
  if (signal === "grid") return { ...table, grids: [{ rows: 4, columns: table.count / 4, offset: 0 }] };
  const random = randomSource(11);
  const order = Array.from(table.source, (id) => ({ id, key: random.uint32() })).sort((a, b) => a.key - b.key);
  const column = table[signal];
  const dim = column instanceof Float32Array ? 1 : column.dim;
  const from = column instanceof Float32Array ? column : column.data;
  const data = new Float32Array(from.length);
  for (const [row, { id }] of order.entries()) data.set(from.subarray(id * dim, (id + 1) * dim), row * dim);
  return { ...table, [signal]: column instanceof Float32Array ? data : { ...column, data } };
}

function same(a: CompressionPlan, b: CompressionPlan): boolean {
  return JSON.stringify(planToJson(a)) === JSON.stringify(planToJson(b));
}

/** Σ |weight| · |value| of each output value. */
function absoluteSums(plan: CompressionPlan, { data, count, dim }: Matrix): Float32Array {
  const absolute = { ...plan, weights: plan.weights.map(Math.abs) };
  return applyPlan(absolute, { data: data.map(Math.abs), count, dim }).data;
}
