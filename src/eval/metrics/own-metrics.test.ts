import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { optionLetter } from "../../benchmarks/index.js";
import { anls } from "./anls.js";
import { exactMatch } from "./exact-match.js";
import { answeredOption } from "./option-answer.js";
import { textVqaAccuracy, vqaAccuracy } from "./soft-accuracy.js";

describe("ANLS", () => {
  it("is 1 for a truth itself, never more, and never between 0 and one half", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 12 });
    fc.assert(
      fc.property(text, fc.array(text, { minLength: 1, maxLength: 4 }), (given, answers) => {
        const score = anls(given, answers);
        expect(score === 0 || (score >= 0.5 && score <= 1)).toBe(true);
        expect(anls(given, answers.toReversed())).toBe(score);
        expect(anls(given, [...answers, "another"])).toBeGreaterThanOrEqual(score);
      }),
    );
    expect(anls("New York", ["new  york", "NYC"])).toBeCloseTo(1, 12);
  });

  it("takes any number of truths", () => expect(anls("a", Array(200_000).fill("a"))).toBe(1));

  it("refuses no truth", () => expect(() => anls("a", [])).toThrow(/at least one truth, got 0/));
});

describe("exact match", () => {
  it.each([
    ["Two cats.", ["2 cats"], 1],
    ["the dog", ["a dog"], 1],
    ["dont know", ["don't know"], 1],
    ["dogs", ["dog"], 0],
    ["", ["dog"], 0],
    // Of these the normalization leaves nothing.
    ["a", ["The"], 0],
    ["A", ["a"], 1],
    ["?", ["!"], 0],
    ["", [""], 1],
    // Signs and comparisons count.
    ["-5", ["5"], 0],
    ["\u22125", ["-5"], 1],
    ["-.5", [".5"], 0],
    ["$-5", ["$5"], 0],
    ["+5", ["5"], 0],
    ["> 3", ["< 3"], 0],
    ["> 3", [">3"], 1],
    [">= 3", [">3"], 0],
    ["C++", ["C"], 0],
    ["A+", ["A"], 0],
    ["A-", ["A"], 0],
    ["a-", ["A-"], 1],
    ["x = 3", ["x=3"], 1],
    ["C++.", ["c++"], 1],
    // Other dashes are VQA's.
    ["T-shirt", ["t shirt"], 1],
    ["2010-2015", ["2010 2015"], 1],
    ["- 5 cups", ["5 cups"], 1],
    ["red - blue", ["red blue"], 1],
    ["cafe\u0301", ["caf\u00e9"], 1],
  ])("%j against %j is %d", (given, answers, score) => expect(exactMatch(given, answers)).toBe(score));

  it("refuses no truth", () => expect(() => exactMatch("a", [])).toThrow(/at least one truth, got 0/));
});

describe("soft accuracy of own data", () => {
  it.each([
    ["", 0],
    ["?", 0],
    ["the", 0],
    ["A", 1],
    ["a.", 1],
    ["AB", 0],
  ])("%j against four times A is %d", (given, score) => {
    expect(vqaAccuracy(given, Array(4).fill("A"))).toBe(score);
  });

  it("of TextVQA stays as the official script has it", () => {
    expect(textVqaAccuracy("", Array(10).fill("A"))).toBe(1);
    expect(textVqaAccuracy("-5", Array(10).fill("5"))).toBe(1);
  });
});

describe("the option that an answer names", () => {
  const COLORS = ["red", "dark red", "not sure", "no"];
  it.each([
    ["B", 1],
    ["b", 1],
    [" (C). ", 2],
    ["D:", 3],
    ["E", -1],
    ["red", 0],
    ["Dark red.", 1],
    ["not sure", 2],
    ["NO", 3],
    ["The answer is C because of it", 2],
    ["I think it is B", 1],
    ["It is dark red", -1],
    ["A or B", -1],
    ["blue", -1],
    ["", -1],
  ])("%j is at %d", (answer, place) => expect(answeredOption(answer, COLORS)).toBe(place));

  it.each([
    [["cat", "dog"], "A dog", 1],
    [["cat", "dog"], "A dog sits there", 1],
    [["blue bus", "red car"], "A red  car.", 1],
    [["no", "yes"], "now", -1],
    [["no", "yes"], "It is no.", 0],
    [["cat", "dog"], "A. cat", 0],
    [["cat", "dog"], "I think A", 0],
    [["cat", "dog"], "A because of it", 0],
    [["cat", "dog"], "A cat and a dog", -1],
    [["cat", "dog"], "The answer is B", 1],
    [["5", "-5", "none"], "it is -5", 1],
    [["5", "0.5", "none"], "it is 0.5", 1],
    [["C", "C++"], "in C++", 1],
    [["what?", "(a|b)*"], "it is (a|b)*", 1],
    [["caf\u00e9", "bar"], "A cafe\u0301", 0],
    [["caf", "bar"], "my cafe\u0301", -1],
    [["\u732b", "\u72ac"], "\u3053\u308c\u306f\u732b", 0],
  ])("of %j by %j is at %d", (options, answer, place) => expect(answeredOption(answer, options)).toBe(place));

  it("is found by its letter and by its text, whatever the options", () => {
    const options = fc.uniqueArray(fc.stringMatching(/^[b-z]{2,9}( [b-z]{2,9})?$/), { minLength: 2, maxLength: 26 });
    fc.assert(
      fc.property(options, fc.nat(), (texts, number) => {
        const place = number % texts.length;
        expect(answeredOption(optionLetter(place), texts)).toBe(place);
        expect(answeredOption(texts[place], texts)).toBe(place);
      }),
    );
  });
});
