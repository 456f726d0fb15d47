import { describe, expect, it } from "vitest";
import {
  type CompressionMethod,
  type CompressionPlan,
  InvalidInputError,
  rowCount,
  type TokenTable,
} from "../../core/index.js";
import { defaultKernels, plainKernels } from "../../math/index.js";
import { cdPruner } from "../../methods/index.js";
import { assertMethod, copyOf, firstDifference, type SyntheticTable, syntheticTable } from "../../testing/index.js";
import { guardedMethod } from "./guarded-method.js";

const table = syntheticTable({ rows: 6, columns: 6, dim: 4 });

function guarded(plan: (...args: Parameters<CompressionMethod["plan"]>) => unknown, limit?: number): CompressionMethod {
  const method: CompressionMethod = { ...cdPruner, id: "mine", plan: plan as CompressionMethod["plan"] };
  return guardedMethod({ method, path: "./mine.mjs", url: import.meta.url }, limit);
}

describe("a method of one's own among others", () => {
  it("gives its plans as they are, from copies of table and options, and with the caller's kernels", () => {
    const given: unknown[] = [];
    const plan = cdPruner.plan(table, { budget: { retain: 5 } });
    const method = guarded((...args) => {
      given.push(...args);
      return plan;
    });
    const options = { budget: { retain: 5 } };
    const context = { kernels: plainKernels };
    expect(method.plan(table, options, context)).toEqual(plan);
    expect(given).toEqual([table, options, context]);
    expect([given[0] === table, given[1] === options, given[2] === context]).toEqual([false, false, true]);
    assertMethod(guardedMethod({ method: cdPruner, path: "x", url: "x" }));
  });

  it("keeps the mass that it says, and that of its plans, checked and copied", () => {
    const plan = cdPruner.plan(table, { budget: { retain: 5 } });
    const mass = Float32Array.of(1, 2, 3, 4, 26);
    const given = guarded(() => ({ ...plan, mass })).plan(table, { budget: { retain: 5 } });
    expect(given).toEqual({ ...plan, mass });
    expect(given.mass).not.toBe(mass);
    expect(guarded(() => plan).mass).toBe("cosine");
    const light = guarded(() => ({ ...plan, mass: mass.map(() => 0) }));
    expect(() => light.plan(table, { budget: { retain: 5 } })).toThrow(/masses above 0/);
  });

  it.each([
    [
      "throws",
      () => Object(undefined).x.y,
      /^mine \(\.\/mine\.mjs\): plan threw TypeError: .*\(guarded-method\.test\.ts:\d+\)$/,
    ],
    ["throws a text", () => fail("no"), /plan threw "no"/],
    ["throws nothing", () => fail(undefined), /plan threw undefined/],
    ["returns nothing", () => undefined, /must return a plan, as orderRows makes it, got undefined/],
    ["returns a promise", async () => fail("late"), /got a promise/],
    [
      "returns more rows than asked for",
      () => cdPruner.plan(table, { budget: { retain: 9 } }),
      /must have 5 rows, got 9/,
    ],
    [
      "returns fewer rows than asked for",
      () => cdPruner.plan(table, { budget: { retain: 4 } }),
      /must have 5 rows, got 4/,
    ],
    ["ends the process", () => process.exit(3), /process\.exit\(3\) was called/],
    ["calls itself without end", () => deep(), /plan threw RangeError/],
  ])("that %s is an error that says so", (_, plan, message) => {
    const method = guarded(plan);
    const call = () => method.plan(table, { budget: { retain: 5 } });
    expect(call).toThrow(InvalidInputError);
    expect(call).toThrow(message);
  });

  it("is stopped at its time limit, and leaves kernels and process as they were", () => {
    const { exit } = process;
    const method = guarded((own, _, context) => {
      const kernels = context?.kernels ?? defaultKernels();
      return kernels.withRows(own.features ?? table.features, () => {
        for (;;);
      });
    }, 50);
    for (let i = 0; i < 3; i++) expect(() => method.plan(table)).toThrow(/took longer than 0\.05 s and was stopped$/);
    expect(process.exit).toBe(exit);
    const plan: CompressionPlan = cdPruner.plan(table, { budget: { retain: 4 } });
    expect(plan).toEqual(cdPruner.plan(table, { budget: { retain: 4 } }, { kernels: plainKernels }));
  });

  it.each([
    ["features", (own: SyntheticTable) => own.features.data.fill(0)],
    ["keys", (own: SyntheticTable) => own.keys.data.sort()],
    ["clsAttention", (own: SyntheticTable) => own.clsAttention.reverse()],
    ["textSimilarity", (own: SyntheticTable) => own.textSimilarity.fill(Number.NaN)],
    [
      "wordSimilarity",
      (own: SyntheticTable) => structuredClone(own.wordSimilarity.data, { transfer: [own.wordSimilarity.data.buffer] }),
    ],
    ["source", (own: SyntheticTable) => own.source.set([7])],
  ])("that changes %s is an error that says so, and changes nobody else's", (column, change) => {
    const before = copyOf(table);
    const method = guarded((own, ...more) => {
      const plan = cdPruner.plan(own, ...more);
      change(own as SyntheticTable);
      return plan;
    });
    for (let i = 0; i < 2; i++)
      expect(() => method.plan(table)).toThrow(`plan must leave the table as it is, got other ${column}`);
    expect(firstDifference(table, before)).toBeUndefined();
  });

  it("cannot change the table's objects, its grids or the caller's options", () => {
    const options = { budget: { retain: 5 } };
    for (const change of [
      (own: TokenTable) => Object.assign(own, { textPolarity: -1 }),
      (own: TokenTable) => Object.assign(own.features as object, { count: 1 }),
      (own: TokenTable) => Object.assign(own.grids?.[0] as object, { rows: 1 }),
      (own: TokenTable) => (own.grids as unknown[]).pop(),
    ]) {
      expect(() => guarded(change).plan(table, options)).toThrow(/plan threw TypeError/);
    }
    const greedy = guarded((own, given, context) => {
      Object.assign(given?.budget as object, { retain: 9 });
      return cdPruner.plan(own, given, context);
    });
    expect(() => greedy.plan(table, options)).toThrow(/plan must have 5 rows, got 9/);
    expect(options).toEqual({ budget: { retain: 5 } });
  });

  it.each([
    ["a field", () => planWith("order", () => endless()), /plan took longer than 0\.05 s/],
    ["then", () => planWith("then", () => endless()), /plan took longer/],
    [
      "the message of what it throws",
      () =>
        fail({
          get message() {
            return endless();
          },
        }),
      /plan took longer/,
    ],
    ["a throwing then", () => planWith("then", () => fail(new Error("t"))), /plan threw Error: t/],
    ["a thrown proxy", () => fail(new Proxy({}, { get: () => fail(new Error("z")) })), /plan threw/],
    ["a thrown proxy of an error", () => fail(new Proxy(new Error("a"), { get: () => fail("z") })), /plan threw/],
    [
      "a throwing message",
      () =>
        fail({
          get message() {
            return fail(new Error("z"));
          },
        }),
      /plan threw/,
    ],
    ["a message without text", () => fail({ message: { toString: () => fail("z") } }), /plan threw/],
    ["a name that is a symbol", () => fail({ name: Symbol("n"), message: Symbol("m") }), /plan threw/],
  ])("reads %s within the limit", (_, plan, message) => {
    const call = () => guarded(plan, 50).plan(table);
    expect(call).toThrow(InvalidInputError);
    expect(call).toThrow(message);
    expect(call).toThrow(/^mine \(\.\/mine\.mjs\): /);
  });

  it("has its plan copied: what it reads and changes later is another", () => {
    let reads = 0;
    const [kept, all] = [4, 36].map((retain) => cdPruner.plan(table, { budget: { retain } }));
    const names = Object.keys(kept) as (keyof CompressionPlan)[];
    const changing = Object.defineProperties(
      {},
      Object.fromEntries(
        names.map((name) => [name, { enumerable: true, get: () => (reads++ < names.length ? kept : all)[name] }]),
      ),
    );
    expect(guarded(() => changing).plan(table)).toEqual(kept);
    const given = guarded(() => kept).plan(table);
    kept.sources.fill(0);
    expect(new Set(given.sources).size).toBe(4);
  });

  it("says which of its functions fails or is stopped", () => {
    const given = { method: { ...cdPruner, checkOptions: endless, needsWith: () => fail("no") }, path: "x", url: "x" };
    const method = guardedMethod(given, 50);
    expect(() => method.checkOptions?.({})).toThrow(/: checkOptions took longer than 0\.05 s and was stopped$/);
    expect(() => method.needsWith?.({})).toThrow(/: needsWith threw "no"$/);
  });

  it("has any number of rows without a budget, and its own refusals stay what they are", () => {
    expect(rowCount(guarded(() => cdPruner.plan(table, { budget: { retain: 3 } })).plan(table))).toBe(3);
    expect(() => guarded((...args) => cdPruner.plan(...args)).plan(table, { budget: { retain: 0 } })).toThrow(
      /^cdpruner: expected a budget/,
    );
  });
});

const PLAN = cdPruner.plan(table, { budget: { retain: 4 } });

function planWith(name: string, get: () => unknown): unknown {
  return Object.defineProperty({ ...PLAN }, name, { enumerable: true, get });
}

function endless(): never {
  for (;;);
}

function fail(value: unknown): never {
  throw value;
}

function deep(): number {
  return 1 + deep();
}
