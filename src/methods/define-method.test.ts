/** Definitions and methods that no compiler has seen. */
import { describe, expect, it } from "vitest";
import { InvalidInputError, identityPlan, shape } from "../core/index.js";
import { syntheticTable } from "../testing/index.js";
import { defineDynamicMethod, defineMethod } from "./define-method.js";
import { methodProblem, plainMethod } from "./shared/method-problem.js";
import { neededSignals, readSignals } from "./shared/method-shapes.js";

const table = syntheticTable({ rows: 4, columns: 4, dim: 4 });
const whole = {
  id: "mine",
  summary: "s",
  reference: "r",
  needs: ["features"],
  choose: () => identityPlan(16),
} as const;
const define = (change: object, from = defineMethod) => from({ ...whole, ...change } as never);

describe("a definition", () => {
  it("has every part of its type, known names only, and defaults that fit", () => {
    for (const [change, message] of [
      [{ choose: undefined }, /expected choose as a function, got nothing/],
      [{ choose: 5 }, /expected choose as a function, got 5/],
      [{ id: "a b" }, /expected id as a short name/],
      [{ needs: ["featurs"] }, /expected needs\[0\] as one of "features", .*got "featurs"/],
      [{ needs: undefined }, /expected needs as a list/],
      [{ summary: 5 }, /expected summary as a text, got 5/],
      [{ sumary: "" }, /got sumary; did you mean summary\?/],
      [{ options: ["alpha"] }, /expected options as an object of shapes/],
      [{ options: { alpha: 5 } }, /expected options as an object of shapes/],
      [{ options: { budget: shape.number } }, /options beside budget, which every method has, got budget/],
      [
        { options: { alpha: shape.described(shape.range(0, 1), "share", 2) } },
        /the default of alpha as a number.*got 2/,
      ],
      [{ needsWith: ["keys"] }, /expected needsWith as a function/],
      [{ check: 1 }, /expected check as a function/],
      [{ budgetOf: 1 }, /expected budgetOf as a function/],
      [{ mass: "size" }, /expected mass as one of "count", "cosine", "entries", got "size"/],
      [{ mass: 2 }, /expected mass as one of .*got 2/],
      [{ uses: ["grids"] }, /expected uses\[0\] as one of .*got "grids"/],
      [{ uses: "grid" }, /expected uses as a list/],
    ] as const) {
      for (const from of [defineMethod, defineDynamicMethod] as never[]) {
        expect(() => define(change, from)).toThrow(InvalidInputError);
        expect(() => define(change, from)).toThrow(message);
      }
    }
    for (const none of [undefined, null, 1, "mine", [], () => 1])
      expect(() => defineMethod(none as never)).toThrow(/^defineMethod: expected an object \{ id, summary/);
  });

  it("may leave out what only people read", () => {
    expect(define({ summary: undefined, reference: undefined })).toMatchObject({ summary: "", reference: "" });
  });
});

describe("the mass of a method's rows", () => {
  it("is handed on as its definition gives it, also by a method of one's own", () => {
    for (const from of [defineMethod, defineDynamicMethod] as never[]) {
      for (const mass of ["count", "cosine", "entries"]) {
        const method = define({ mass }, from);
        expect(method.mass).toBe(mass);
        expect(plainMethod(method).mass).toBe(mass);
      }
      expect(define({}, from).mass).toBe(undefined);
      expect(plainMethod(define({}, from))).not.toHaveProperty("mass");
    }
  });

  it("of an object that no definition has checked is a measure, or it is no method", () => {
    const plan = () => identityPlan(16);
    expect(methodProblem({ id: "mine", needs: [], plan, mass: "cosine" })).toBe(undefined);
    expect(methodProblem({ id: "mine", needs: [], plan, mass: "size" })).toMatch(/expected mass as one of "count"/);
  });
});

describe("the signals that a method uses", () => {
  const uses = ["grid", "textSimilarity"] as const;

  it("are handed on as its definition gives them, and are not asked for", () => {
    for (const from of [defineMethod, defineDynamicMethod] as never[]) {
      const method = define({ uses }, from);
      expect(method.uses).toEqual(uses);
      expect(plainMethod(method).uses).toEqual(uses);
      expect(() => method.plan({ ...table, grids: undefined, textSimilarity: undefined })).not.toThrow();
      expect(plainMethod(define({}, from))).not.toHaveProperty("uses");
    }
    expect(methodProblem({ id: "mine", needs: [], plan: () => identityPlan(16), uses: ["x"] })).toMatch(/uses\[0\]/);
  });

  it("are read after its needs, once, where they are there", () => {
    const method = { id: "mine", needs: ["features", "grid"] as const, uses };
    expect(readSignals(method, {}, ["features", "grid"])).toEqual(["features", "grid"]);
    expect(readSignals(method, {}, ["keys", "textSimilarity"])).toEqual(["features", "grid", "textSimilarity"]);
    expect(readSignals({ ...method, needsWith: () => [] }, {}, ["grid"])).toEqual(["grid"]);
  });
});

describe("needsWith", () => {
  it.each([
    [["featurs"], /needsWith\[0\] as one of "features", "keys", .*got "featurs"/],
    ["features", /needsWith as a list, got "features"/],
    [null, /needsWith as a list, got null/],
    [undefined, /needsWith as a list, got nothing/],
    [5, /got 5/],
    [Promise.resolve([]), /needsWith as a list/],
  ])("%s names no signals", (named, message) => {
    const needsWith = () => named as never;
    const plain = { id: "mine", summary: "", reference: "", dynamic: false, options: [], plan: () => identityPlan(16) };
    for (const call of [
      () => define({ needsWith }).plan(table),
      () => define({ needsWith }).needsWith?.({}),
      () => plainMethod({ ...plain, needs: [], needsWith }).needsWith?.({}),
      () => neededSignals({ id: "mine", needs: [], needsWith }, {}),
    ]) {
      expect(call).toThrow(InvalidInputError);
      expect(call).toThrow(message);
      expect(call).toThrow(/^mine: expected needsWith/);
    }
  });
});

it("the facts of a plain method are texts and names", () => {
  const plain = { id: "mine", needs: [], plan: () => identityPlan(16) };
  expect(methodProblem({ ...plain, options: ["a"], optionFacts: { a: { values: "", about: "" } } })).toBeUndefined();
  for (const [change, message] of [
    [{ summary: 5 }, /summary as a text, got 5/],
    [{ summary: () => 1 }, /summary as a text/],
    [{ reference: null }, /reference as a text, got null/],
    [{ options: "alpha" }, /options as a list of distinct names/],
    [{ options: ["a", "a"] }, /options as a list of distinct names/],
    [{ options: ["budget"] }, /other than budget/],
    [{ optionFacts: 5 }, /optionFacts/],
    [{ optionFacts: { a: null } }, /optionFacts\.a as an object/],
    [{ optionFacts: { a: { values: 1, about: "" } } }, /optionFacts\.a\.values as a text/],
  ] as const)
    expect(methodProblem({ ...plain, ...change })).toMatch(message);
});
