import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../../core/index.js";
import { lmmsVqaAccuracy, textVqaAccuracy, vqaToolkitAccuracy } from "./soft-accuracy.js";

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
