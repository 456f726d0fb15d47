/** @file The contract of a method: what it keeps to on any table, as properties that are checked one by one. */
import {
  budgetText,
  type CompressionPlan,
  didYouMean,
  identityPlan,
  nearestName,
  RecoupError,
  refusalFor,
  SIGNALS,
} from "../core/index.js";
import { createSimdKernels, plainKernels } from "../math/index.js";
import { methodProblem, neededSignals, thrownText } from "../methods/index.js";
import {
  assertDistinct,
  assertOrder,
  assertOwnRows,
  assertRefuses,
  assertSame,
  BrokenProperty,
  budgetName,
  planOf,
  type Subject,
} from "./plan-asserts.js";
import { extremeTable, flatTable, MAGNITUDES, namedTables, without } from "./property-tables.js";
import { copyOf } from "./same-bits.js";
import { syntheticTable } from "./synthetic-table.js";

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
      const turned = namedTables(-1);
      namedTables().forEach((named, i) => {
        const name = `${named.name}, with textPolarity -1 and similarities turned`;
        assertSame(`another plan on ${name}`, planOf(subject, { ...turned[i], name }), planOf(subject, named));
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
    id: "magnitudes",
    says: "takes no token twice at any magnitude that float32 and float16 hold, or refuses it with a RecoupError",
    check(subject) {
      for (const magnitude of MAGNITUDES) {
        const named = { name: `a table of 4 x 5 numbers up to ${magnitude}`, table: extremeTable(4, 5, 1, magnitude) };
        for (const budget of [undefined, ...(subject.fixed ? [1, 6, 19].map((retain) => ({ retain })) : [])]) {
          const { method, options } = subject;
          if (isRefused(() => method.plan(named.table, { ...options, ...(budget && { budget }) }))) continue;
          assertDistinct(planOf(subject, named, budget), named.name);
        }
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
    says: "looks at no signal that it does not say it needs or uses",
    check(subject) {
      const reads = [...needsOf(subject), ...(subject.method.uses ?? [])];
      const others = SIGNALS.filter((signal) => !reads.includes(signal));
      for (const named of namedTables()) {
        const name = `${named.name}, with ${reads.join(", ") || "no signal"} alone`;
        const plan = planOf(subject, { name, table: without(named.table, others) });
        assertSame(`another plan on ${name}`, plan, planOf(subject, named));
      }
    },
  },
  {
    id: "used-signals",
    says: "meets a budget without signals that it uses but does not need",
    check(subject) {
      const needs = needsOf(subject);
      for (const signal of subject.method.uses ?? []) {
        if (needs.includes(signal)) continue;
        for (const { name, table } of namedTables()) {
          const named = { name: `${name}, without ${signal}`, table: without(table, [signal]) };
          planOf(subject, named);
          if (subject.fixed) for (const retain of [1, 7, table.count - 1]) planOf(subject, named, { retain });
        }
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

/** Why a property does not hold of a method; undefined where it does. */
export function brokenProperty({ check }: Property, subject: Subject): string | undefined {
  try {
    check(subject);
    return undefined;
  } catch (error) {
    // Whatever hostile parts of a method throw.
    return error instanceof BrokenProperty ? error.message : thrownText(error, "the method");
  }
}

/** True where it throws one of recoup's errors; all else is for `planOf` to say. */
function isRefused(call: () => unknown): boolean {
  try {
    call();
    return false;
  } catch (error) {
    return RecoupError.isInstance(error);
  }
}

function needsOf({ method, options }: Subject) {
  try {
    return neededSignals(method, options);
  } catch (error) {
    throw new BrokenProperty(thrownText(error, "needsWith"));
  }
}

/** The plans of all tables, by default and at two budgets. */
function eachPlan(subject: Subject, check: (plan: CompressionPlan, at: string) => void): void {
  for (const named of namedTables()) {
    const budgets = subject.fixed ? [undefined, { retain: 2 }, { retain: 40 }] : [undefined];
    for (const budget of budgets) check(planOf(subject, named, budget), `${budgetName(budget)} on ${named.name}`);
  }
}

/** @throws InvalidInputError for a name that is none of a property. */
export function assertProperties(operation: string, names: readonly string[]): void {
  const known = METHOD_PROPERTIES.map(({ id }): string => id);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw refusalFor(operation)(`properties of ${known.join(", ")}`, unknown + didYouMean(nearestName(unknown, known)));
}
