/** @file The contract of a method: what it keeps to on any table, as properties that are checked one by one. */
import {
  type Budget,
  BudgetError,
  budgetRows,
  budgetText,
  type CompressionMethod,
  type CompressionPlan,
  createTokenTable,
  identityPlan,
  planRows,
  RecoupError,
  refusalFor,
  type TokenTable,
} from "../core/index.js";
import { createSimdKernels, type Matrix, plainKernels, randomSource } from "../math/index.js";
import { methodProblem, planProblem, SIGNALS, thrownText } from "./method-problem.js";
import { copyOf, firstDifference } from "./same-bits.js";
import { type SyntheticTable, syntheticTable } from "./synthetic-table.js";

/** A table that a method is tried on, and its name in messages. */
interface NamedTable {
  readonly name: string;
  readonly table: TokenTable;
}

/** A method with the options that it is tested with. */
export interface Subject {
  readonly method: CompressionMethod;
  /** Options beside the budget, the same for every plan. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Whether it meets fixed budgets below the number of tokens. */
  readonly fixed: boolean;
}

/** A property that does not hold, as a sentence. */
class BrokenProperty extends Error {}

/** A plan, checked. */
function planOf(
  { method, options }: Subject,
  { name, table }: NamedTable,
  budget?: Budget,
  context?: Parameters<CompressionMethod["plan"]>[2],
): CompressionPlan {
  const at = `${budgetName(budget)} on ${name}`;
  let plan: CompressionPlan;
  try {
    plan = method.plan(table, { ...options, ...(budget !== undefined && { budget }) }, context);
  } catch (error) {
    throw new BrokenProperty(`${thrownText(error)} (${at})`);
  }
  const { retain, min, max } = budgetRows(method.id, budget ?? "dynamic", table.count);
  const problem = planProblem(plan, table, { least: retain ?? min, most: retain ?? max });
  if (problem !== undefined) throw new BrokenProperty(`${problem} (${at})`);
  return plan;
}

function budgetName(budget: Budget | undefined): string {
  return budget === undefined ? "without a budget" : `budget ${budgetText(budget)}`;
}

function assertSame(what: string, got: unknown, wanted: unknown): void {
  const difference = firstDifference(got, wanted);
  if (difference !== undefined) throw new BrokenProperty(`${what}: ${difference}`);
}

/** @throws BrokenProperty unless the call throws. */
function assertRefuses(what: string, call: () => unknown): void {
  let plan: unknown;
  try {
    plan = call();
  } catch {
    return;
  }
  // A promise is no refusal, whatever becomes of it.
  if (plan instanceof Promise) plan.catch(() => {});
  throw new BrokenProperty(`${what} must be refused by an error, got a plan`);
}

const TABLES = [
  { rows: 12, columns: 12, dim: 16, seed: 1 },
  { rows: 13, columns: 7, dim: 5, seed: 2 },
  { rows: 5, columns: 6, dim: 8, seed: 3, pictures: 3 },
];

/** One image, one that is not square and whose sides are odd, and three images. */
function namedTables(): (NamedTable & { readonly table: SyntheticTable })[] {
  return TABLES.map((size) => {
    const name = `a table of ${size.pictures ?? 1} x ${size.rows} x ${size.columns} tokens, seed ${size.seed}`;
    return { name, table: syntheticTable(size) };
  });
}

/** A property: its name for `except`, a sentence, and its check. */
interface Property {
  readonly id: string;
  readonly says: string;
  /** Said where it does not hold. */
  check(subject: Subject): void;
}

/** All properties, in the order of checking: later ones take earlier ones for granted. */
export const METHOD_PROPERTIES = [
  {
    id: "parts",
    says: "has an id, needs and plan, and says which options it takes",
    check({ method }) {
      const problem = methodProblem(method);
      if (problem !== undefined) throw new BrokenProperty(problem);
    },
  },
  {
    id: "valid-plan",
    says: "makes a valid plan of 1 to N rows without a budget",
    check: (subject) => namedTables().forEach((table) => void planOf(subject, table)),
  },
  {
    id: "exact-budget",
    says: "meets a fixed budget exactly, from 1 row to N - 1, or refuses every one",
    check(subject) {
      for (const named of namedTables()) {
        const { count } = named.table;
        for (const retain of [1, 2, 3, 7, Math.floor(count / 9), Math.floor(count / 2), 58, count - 1]) {
          if (subject.fixed) planOf(subject, named, { retain });
          else assertRefuses(`budget ${retain}, as other fixed ones are,`, () => planOf(subject, named, { retain }));
        }
      }
    },
  },
  {
    id: "identity",
    says: "keeps every token as it is for a budget of N",
    check(subject) {
      for (const named of namedTables()) {
        const { count } = named.table;
        const plan = planOf(subject, named, { retain: count });
        assertSame(`budget ${count} on ${named.name}`, plan, identityPlan(count));
      }
    },
  },
  {
    id: "dynamic",
    says: "finds 1 to N rows for the budget dynamic where it says so, and refuses it otherwise",
    check(subject) {
      const { method, options } = subject;
      for (const named of namedTables()) {
        if (method.dynamic) planOf(subject, named, "dynamic");
        else {
          const call = () => method.plan(named.table, { ...options, budget: "dynamic" });
          assertRefuses(`a budget "dynamic", since the method's dynamic is not true,`, call);
        }
      }
    },
  },
  {
    id: "bounds",
    says: "keeps to the bounds of a dynamic budget, or refuses them where it finds no number of rows itself",
    check(subject) {
      const { method, options } = subject;
      for (const named of namedTables()) {
        const { count } = named.table;
        for (const budget of [{ min: 10, max: 12 }, { min: count - 3 }, { max: 2 }, { min: 0.5, max: 0.6 }]) {
          if (method.dynamic) planOf(subject, named, budget);
          else assertRefuses(`a budget ${budgetText(budget)}`, () => method.plan(named.table, { ...options, budget }));
        }
      }
    },
  },
  {
    id: "own-rows",
    says: "gives a kept token one row of its own, with weight 1, and no place in another row",
    check: (subject) => eachPlan(subject, assertOwnRows),
  },
  {
    id: "order",
    says: "stands in anchor order, or has own rows by anchor, then merged ones, then a residual",
    check: (subject) => eachPlan(subject, assertOrder),
  },
  {
    id: "pure",
    says: "gives the same plan for the same table, whatever it was asked before, and for a copy of it",
    check(subject) {
      const tables = namedTables();
      const plans = tables.map((named) => planOf(subject, named));
      const kept = copyOf(plans);
      tables.forEach((named, i) => {
        assertSame(`another plan the second time on ${named.name}`, planOf(subject, named), kept[i]);
        const copy = { ...named, table: copyOf(named.table) };
        assertSame(`another plan for a copy of ${named.name}`, planOf(subject, copy), kept[i]);
      });
      assertSame("a plan that was returned earlier was changed", plans, kept);
    },
  },
  {
    id: "only-reads",
    says: "leaves table and options as they were",
    check(subject) {
      for (const named of namedTables()) {
        const [before, options] = [copyOf(named.table), copyOf(subject.options)];
        const budget = subject.fixed ? { retain: 5 } : undefined;
        planOf(subject, named);
        planOf({ ...subject, options: Object.freeze({ ...subject.options }) }, named, budget && Object.freeze(budget));
        assertSame(`${named.name} was changed`, named.table, before);
        assertSame("the options were changed", subject.options, options);
      }
    },
  },
  {
    id: "kernels",
    says: "gives the same plan with plain and with SIMD kernels",
    check(subject) {
      const kernels = createSimdKernels() ?? plainKernels;
      for (const named of namedTables()) {
        const plain = planOf(subject, named, undefined, { kernels: plainKernels });
        assertSame(`another plan with SIMD on ${named.name}`, planOf(subject, named, undefined, { kernels }), plain);
      }
    },
  },
  {
    id: "polarity",
    says: "reads the similarities with the sign that the table says, its textPolarity",
    check(subject) {
      namedTables().forEach((named, i) => {
        const turned = syntheticTable({ ...TABLES[i], textPolarity: -1 });
        const name = `${named.name}, with textPolarity -1 and similarities turned`;
        assertSame(`another plan on ${name}`, planOf(subject, { name, table: turned }), planOf(subject, named));
      });
    },
  },
  {
    id: "flat",
    says: "meets a budget although all scores and features are equal, or zero",
    check(subject) {
      for (const value of [0, 1]) {
        const named = { name: `a table of 6 x 6 equal tokens, features ${value}`, table: flatTable(6, value) };
        planOf(subject, named);
        if (subject.fixed) for (const retain of [1, 4, 35]) planOf(subject, named, { retain });
      }
    },
  },
  {
    id: "extreme",
    says: "meets a budget with huge, tiny and tied numbers",
    check(subject) {
      for (let seed = 0; seed < 6; seed++) {
        const named = { name: `a table of 4 x 5 extreme numbers, seed ${seed}`, table: extremeTable(4, 5, seed) };
        planOf(subject, named);
        if (subject.fixed) for (const retain of [1, 6, 19]) planOf(subject, named, { retain });
      }
    },
  },
  {
    id: "small",
    says: "works on 1, 2 and 3 tokens",
    check(subject) {
      for (const columns of [1, 2, 3]) {
        const table = syntheticTable({ rows: 1, columns, dim: 3, words: 1, seed: columns });
        const named = { name: `a table of 1 x ${columns} tokens, seed ${columns}`, table };
        planOf(subject, named);
        for (let retain = subject.fixed ? 1 : columns; retain <= columns; retain++) planOf(subject, named, { retain });
      }
    },
  },
  {
    id: "declared-signals",
    says: "looks at no signal that it does not say it needs",
    check(subject) {
      const needs = needsOf(subject);
      const others = SIGNALS.filter((signal) => !needs.includes(signal));
      for (const named of namedTables()) {
        const name = `${named.name}, with ${needs.join(", ") || "no signal"} alone`;
        const plan = planOf(subject, { name, table: without(named.table, others) });
        assertSame(`another plan on ${name}`, plan, planOf(subject, named));
      }
    },
  },
  {
    id: "missing-signals",
    says: "refuses a table that lacks a signal that it needs",
    check(subject) {
      const [{ table }] = namedTables();
      for (const signal of needsOf(subject)) {
        const lacking = without(table, [signal]);
        assertRefuses(`a table without ${signal}`, () => subject.method.plan(lacking, { ...subject.options }));
      }
    },
  },
  {
    id: "impossible-budgets",
    says: "refuses a budget that cannot be met",
    check({ method, options }) {
      const [{ table }] = namedTables();
      for (const retain of [0, -1, table.count + 1, 2.5, Number.NaN, Infinity]) {
        assertRefuses(`a budget of ${retain} rows`, () => method.plan(table, { ...options, budget: { retain } }));
      }
    },
  },
  {
    id: "unknown-options",
    says: "refuses an option that it does not know",
    check({ method, options }) {
      const [{ table }] = namedTables();
      const call = () => method.plan(table, { ...options, noSuchOption: 1 } as object);
      assertRefuses("an option noSuchOption", call);
      for (const name of method.options ?? []) {
        const odd = { ...options, [name]: Symbol(name) } as object;
        assertRefuses(`the option ${name} of a wrong type`, () => method.plan(table, odd));
      }
    },
  },
] as const satisfies readonly Property[];

/** Name of a property. */
export type MethodProperty = (typeof METHOD_PROPERTIES)[number]["id"];

/** Whether a method takes fixed budgets below N at all: one that refuses N - 1 of N tokens takes none. */
export function takesFixedBudgets({ method, options }: Omit<Subject, "fixed">): boolean {
  const [{ table }] = namedTables();
  try {
    method.plan(table, { ...options, budget: { retain: table.count - 1 } });
    return true;
  } catch (error) {
    // Of any copy of recoup.
    return !(RecoupError.isInstance(error) && error.name === BudgetError.name);
  }
}

/** Why a property does not hold of a method; undefined where it does. */
export function brokenProperty({ check }: Property, subject: Subject): string | undefined {
  try {
    check(subject);
    return undefined;
  } catch (error) {
    // Whatever hostile parts of a method throw.
    return error instanceof BrokenProperty ? error.message : thrownText(error);
  }
}

function needsOf({ method, options }: Subject) {
  return method.needsWith?.(options) ?? method.needs;
}

/** The plans of all tables, by default and at two budgets. */
function eachPlan(subject: Subject, check: (plan: CompressionPlan, at: string) => void): void {
  for (const named of namedTables()) {
    const budgets = subject.fixed ? [undefined, { retain: 2 }, { retain: 40 }] : [undefined];
    for (const budget of budgets) check(planOf(subject, named, budget), `${budgetName(budget)} on ${named.name}`);
  }
}

function assertOwnRows(plan: CompressionPlan, at: string): void {
  const times = new Map<number, number>();
  for (const id of plan.sources) times.set(id, (times.get(id) ?? 0) + 1);
  for (const { role, anchor, sources, weights } of planRows(plan)) {
    if (role !== "visual" && role !== "text") continue;
    if (sources.length !== 1 || sources[0] !== anchor || weights[0] !== 1) {
      throw new BrokenProperty(`a ${role} row must be one token with weight 1 (ownRow makes it), got another (${at})`);
    }
    const places = times.get(anchor) ?? 0;
    if (places !== 1) throw new BrokenProperty(`token ${anchor} must stand in one row, got ${places} (${at})`);
  }
}

/** Place of each role in order `append`. */
const RANK = { visual: 0, text: 0, merged: 1, residual: 2 };

function assertOrder(plan: CompressionPlan, at: string): void {
  const rows = planRows(plan);
  const ordered = plan.order === "grid" ? rows : rows.filter(({ role }) => RANK[role] === 0);
  if (ordered.some(({ anchor }, i) => i > 0 && anchor < ordered[i - 1].anchor)) {
    throw new BrokenProperty(`rows must ascend by their anchors, got others (${at})`);
  }
  if (plan.order === "grid") return;
  if (rows.some(({ role }, i) => i > 0 && RANK[role] < RANK[rows[i - 1].role])) {
    throw new BrokenProperty(`order "append" must have own rows, merged rows and a residual, got another (${at})`);
  }
}

function without(table: TokenTable, signals: readonly string[]): TokenTable {
  const gone = Object.fromEntries(signals.map((signal) => [signal === "grid" ? "grids" : signal, undefined]));
  return { ...table, ...gone };
}

/** Every token like every other: features, keys, scores of one value, on a square grid. */
function flatTable(side: number, value: number): TokenTable {
  const count = side * side;
  return tableOf(side, side, (width, share) => new Float32Array(count * width).fill(share ?? value));
}

/** Many ties, zeros of both signs, subnormal numbers, huge ones (whose squares float32 still holds) and tiny ones. */
const EXTREMES = [0, -0, 1, -1, 0.5, 0, 1, 1e18, -1e18, 1e-30, -1e-30, 1e-45, 1e-40];

function extremeTable(rows: number, columns: number, seed: number): TokenTable {
  const random = randomSource(seed);
  const draw = () => EXTREMES[random.below(EXTREMES.length)];
  return tableOf(rows, columns, (width) => Float32Array.from({ length: rows * columns * width }, draw));
}

/** @param values of a column of some width; `share`: where one value would be odd. */
function tableOf(rows: number, columns: number, values: (width: number, share?: number) => Float32Array): TokenTable {
  const count = rows * columns;
  const matrix = (dim: number, share?: number): Matrix => ({ data: values(dim, share), count, dim });
  return createTokenTable({
    features: matrix(4),
    keys: matrix(4),
    clsAttention: values(1, 0.9 / count).map(Math.abs),
    textSimilarity: values(1, 0.1),
    wordSimilarity: matrix(2, 0.1),
    grids: [{ rows, columns, offset: 0 }],
  });
}

/** @throws InvalidInputError for a name that is none of a property. */
export function assertProperties(operation: string, names: readonly string[]): void {
  const known = METHOD_PROPERTIES.map(({ id }): string => id);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw refusalFor(operation)(`properties of ${known.join(", ")}`, unknown);
}
