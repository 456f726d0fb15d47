import { describe, expect, it } from "vitest";
import { type CompressionMethod, type CompressionPlan, InvalidInputError, rowCount } from "../../core/index.js";
import { defaultKernels, plainKernels } from "../../math/index.js";
import { cdPruner } from "../../methods/index.js";
import { assertMethod, syntheticTable } from "../../testing/index.js";
import { guardedMethod } from "./guarded-method.js";

const table = syntheticTable({ rows: 6, columns: 6, dim: 4 });

function guarded(plan: (...args: Parameters<CompressionMethod["plan"]>) => unknown, limit?: number): CompressionMethod {
  const method: CompressionMethod = { ...cdPruner, id: "mine", plan: plan as CompressionMethod["plan"] };
  return guardedMethod({ method, path: "./mine.mjs", url: import.meta.url }, limit);
}

describe("a method of one's own among others", () => {
  it("gives its plans as they are, with the caller's own table, options and kernels", () => {
    const given: unknown[] = [];
    const plan = cdPruner.plan(table, { budget: { retain: 5 } });
    const method = guarded((...args) => {
      given.push(...args);
      return plan;
    });
    const options = { budget: { retain: 5 } };
    const context = { kernels: plainKernels };
    expect(method.plan(table, options, context)).toBe(plan);
    expect([given[0] === table, given[1] === options, given[2] === context]).toEqual([true, true, true]);
    assertMethod(guardedMethod({ method: cdPruner, path: "x", url: "x" }));
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

  it("has any number of rows without a budget, and its own refusals stay what they are", () => {
    expect(rowCount(guarded(() => cdPruner.plan(table, { budget: { retain: 3 } })).plan(table))).toBe(3);
    expect(() => guarded((...args) => cdPruner.plan(...args)).plan(table, { budget: { retain: 0 } })).toThrow(
      /^cdpruner: expected a budget/,
    );
  });
});

function fail(value: unknown): never {
  throw value;
}

function deep(): number {
  return 1 + deep();
}
