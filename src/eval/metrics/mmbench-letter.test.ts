import { describe, expect, it } from "vitest";
import { lmmsPrefetchLetter, mmbenchOptions, vlmevalkitLetter } from "./mmbench-letter.js";
import { lmmsStaticLetter } from "./mmbench-static.js";

const CHOICES = { A: "a red bus", B: "two dogs", C: "the left side" };
const FRUIT = { A: "apple", B: "pineapple" };

describe("mmbenchOptions", () => {
  it("stops at the first that is missing, whatever comes after", () => {
    expect(mmbenchOptions({ A: "x", B: "None", C: "z", D: "w" })).toEqual(["x"]);
    expect(mmbenchOptions({ A: "x", B: "nAn", C: "z" })).toEqual(["x"]);
    expect(mmbenchOptions({ A: "x", B: "y", C: null, D: "w" })).toEqual(["x", "y"]);
    expect(mmbenchOptions({})).toEqual([]);
    expect(mmbenchOptions({ A: "", B: "N/A", C: "none ", D: "0" })).toEqual(["", "N/A", "none ", "0"]);
  });
});

describe("vlmevalkitLetter", () => {
  it.each([
    ["*B*", "B"],
    // The letter's first place must be among the last four words.
    ["it is B for sure now", "B"],
    ["it is B for sure by now", undefined],
    ["B so I say it is B", undefined],
    // The phrase is asked where the words decide nothing, in any case.
    ["A B, the correct ANSWER is **b**", "B"],
    ["C answer\x1cıs B", "B"],
    ["the answer is D, which is no option", undefined],
    ["Z", "Z"],
    ["A or Z", "A"],
    ["I can't process this file. A", "Z"],
    ["Failed to obtain answer via API A", undefined],
    ["Failed to obtain answer via API: two dogs", "B"],
    ["two DOGS", "B"],
    ["two dogs and a red bus", undefined],
    ["\ufeffA", undefined],
    ["B\x1d", "B"],
  ])("of %j is %s", (answer, letter) => expect(vlmevalkitLetter(answer, CHOICES)).toBe(letter));

  it("does not look for options in an answer of more than twice their length, in characters", () => {
    expect(vlmevalkitLetter(`apple${"x".repeat(23)}`, FRUIT)).toBe("A");
    expect(vlmevalkitLetter(`apple${"x".repeat(24)}`, FRUIT)).toBeUndefined();
    expect(vlmevalkitLetter(`apple${"😀".repeat(23)}`, FRUIT)).toBe("A");
    expect(lmmsPrefetchLetter(`apple${"x".repeat(24)}`, FRUIT)).toBe("A");
  });

  it("finds an empty option in every answer", () => {
    expect(vlmevalkitLetter("x", { A: "", B: "yes" })).toBe("A");
    expect(vlmevalkitLetter("x", {})).toBeUndefined();
  });
});

describe("lmmsPrefetchLetter", () => {
  it.each([
    ["E", "E"],
    ["A dog runs", "A"],
    ["A dog runs fast", undefined],
    ["A dog runs to (C)", "C"],
    ["B. or C.", undefined],
    ["B. or (C).", "B"],
    ["(C). or :B", "C"],
    ["[B]", undefined],
    ["a Red Bus", "A"],
  ])("of %j is %s", (answer, letter) => expect(lmmsPrefetchLetter(answer, CHOICES)).toBe(letter));
});

describe("lmmsStaticLetter", () => {
  it.each([
    // The older rule comes first.
    ["A, B, C", "C"],
    ["B or C", "B"],
    ["well, maybe (A) - or (B) -", "B"],
    ["답은 C, not 답은 B", "B"],
    ["i choose B or then A then", "A"],
    ["Nothing fits", undefined],
    ["BA", "A"],
    ["", undefined],
    [" \x1f ", undefined],
    // A letter of any script beside it makes a word of it.
    ["Aé(B)x", "B"],
    ["A²(B)x", "A"],
    // The place after the phrase is counted in the lowered text, where this letter is two characters.
    ["x(A)x i pickBx", "B"],
    ["x(A)xİ i pickBx", "A"],
  ])("of %j is %s", (answer, letter) => expect(lmmsStaticLetter(answer, CHOICES)).toBe(letter));

  it("looks for A to H where there is no option", () => {
    expect(lmmsStaticLetter("I say G - surely", {})).toBe("G");
    expect(lmmsStaticLetter("I say G - surely", CHOICES)).toBeUndefined();
  });
});
