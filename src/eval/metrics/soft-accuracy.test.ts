import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../../core/index.js";
import { lmmsVqaAccuracy, textVqaAccuracy, vqaToolkitAccuracy, vqaToolkitReport } from "./soft-accuracy.js";

const ALL = [textVqaAccuracy, vqaToolkitAccuracy, lmmsVqaAccuracy];
const ten = (right: number) => Array.from({ length: 10 }, (_, i) => (i < right ? "red" : `color ${i}`));

describe("soft accuracy", () => {
  it("of 0, 1, 2, 3, 4 and 9 equal truths is 0, 0.3, 0.6, 0.9, 1, 1 by every rule", () => {
    for (const accuracy of ALL) {
      for (const [right, value] of [0, 0.3, 0.6, 0.9, 1].entries()) {
        expect(accuracy("red", ten(right))).toBeCloseTo(value, 12);
      }
      expect(accuracy("red", ten(9))).toBe(1);
    }
  });

  it("of ten equal truths is all or nothing, and the toolkit then compares the raw texts", () => {
    const yes = Array<string>(10).fill("yes");
    expect(ALL.map((accuracy) => accuracy("Yes", yes))).toEqual([1, 0, 1]);
    expect(ALL.map((accuracy) => accuracy("\tyes\n", yes))).toEqual([1, 1, 1]);
    // One truth that differs, and everything is normalized.
    expect(vqaToolkitAccuracy("Yes.", [...yes.slice(1), "YES"])).toBe(1);
    // Truths that differ in outer blanks alone are the same text.
    expect(vqaToolkitAccuracy("Yes", [...yes.slice(1), " yes"])).toBe(0);
  });

  it("follows each rule's own normalization", () => {
    const possessive = [...Array<string>(9).fill("dog's"), "cat"];
    expect(ALL.map((accuracy) => accuracy("dog 's", possessive))).toEqual([1, 0, 0]);
    // Several commas between digits: M4C's rule deletes all marks, the toolkit's makes blanks of them.
    const commas = [...Array<string>(9).fill("12"), "x"];
    expect(ALL.map((accuracy) => accuracy("1,,2", commas))).toEqual([1, 0, 1]);
  });

  it("refuses truths that the official scripts stop on", () => {
    for (const accuracy of ALL) expect(() => accuracy("a", [])).toThrow(InvalidInputError);
    expect(() => textVqaAccuracy("red", ten(9).slice(1))).toThrow("textVqaAccuracy: expected ten truths, got 9");
    expect(vqaToolkitAccuracy("red", ["red", "blue", "red"])).toBeCloseTo((1 / 3 + 2 / 3 + 1 / 3) / 3, 12);
  });

  it("does not depend on the truths' order", () => {
    const words = fc.array(fc.constantFrom("red", "Red.", "blue", "a red", "1,000", "1000"), {
      minLength: 10,
      maxLength: 10,
    });
    fc.assert(
      fc.property(words, fc.constantFrom("red", "RED", "1000"), (truths, prediction) => {
        for (const accuracy of ALL) {
          const value = accuracy(prediction, truths);
          expect(accuracy(prediction, truths.toReversed())).toBeCloseTo(value, 12);
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe("vqaToolkitReport", () => {
  const row = (accuracy: number, questionType: string, answerType = "other") => ({
    accuracy,
    questionType,
    answerType,
  });

  it("gives percentages by type with two decimals", () => {
    expect(vqaToolkitReport([row(1, "is", "yes/no"), row(0, "is", "yes/no"), row(1 / 3, "what")])).toEqual({
      overall: 44.44,
      perQuestionType: { is: 50, what: 33.33 },
      perAnswerType: { "yes/no": 50, other: 33.33 },
    });
  });

  it("rounds exact ties to even", () => {
    // 100 / 800 = 0.125, and 300 / 800 = 0.375.
    const rows = (right: number) => Array.from({ length: 800 }, (_, i) => row(i < right ? 1 : 0, "is"));
    expect(vqaToolkitReport(rows(1)).overall).toBe(0.12);
    expect(vqaToolkitReport(rows(3)).overall).toBe(0.38);
  });

  it("has no percentage of nothing, and takes as many rows as VQAv2 has", () => {
    expect(vqaToolkitReport([])).toEqual({ overall: null, perQuestionType: {}, perAnswerType: {} });
    const many = Array.from({ length: 214_354 }, (_, i) => row(i % 2, `type ${i % 65}`));
    expect(Object.keys(vqaToolkitReport(many).perQuestionType)).toHaveLength(65);
  });

  it("keeps types with names of JavaScript's objects apart", () => {
    const { perQuestionType } = vqaToolkitReport([row(1, "__proto__"), row(0, "constructor")]);
    expect(Object.entries(perQuestionType)).toEqual([
      ["__proto__", 100],
      ["constructor", 0],
    ]);
  });
});
