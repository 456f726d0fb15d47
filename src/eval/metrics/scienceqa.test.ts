import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../../core/index.js";
import { lmmsScienceQaMatch, scienceQaIndex, scienceQaLetter, scienceQaScores } from "./scienceqa.js";

describe("scienceQaLetter", () => {
  it.each([
    ["E", "E"],
    ["B. ", "B"],
    ["D. Denver\nmore", "D"],
    ["so The answer is Q!", "Q"],
    // Any one character but a line feed may follow the letter.
    ["The answer is B\r", "B"],
    ["The answer is B\u2028", "B"],
    ["The answer is B😀", "B"],
    // The first match takes the T of the second along.
    ["The answer is AThe answer is B.", "A"],
  ])("of %j is %s", (text, letter) => expect(scienceQaLetter(text)).toBe(letter));

  it.each(["", "F", "b", "B.", "(B)", "B.\u00a0x", "F. x", "The answer is B", "The answer is B\n", "The answer is Ä."])(
    "of %j is FAILED",
    (text) => expect(scienceQaLetter(text)).toBe("FAILED"),
  );

  it("is FAILED where the phrase comes twice", () => {
    expect(scienceQaLetter("The answer is B. The answer is B.")).toBe("FAILED");
  });
});

describe("scienceQaIndex", () => {
  it("is -1 beyond the choices and for no letter", () => {
    expect(scienceQaIndex("B", 2)).toBe(1);
    expect(["C", "FAILED", "F", "Q", ""].map((letter) => scienceQaIndex(letter, 2))).toEqual([-1, -1, -1, -1, -1]);
    expect(scienceQaIndex("A", 0)).toBe(-1);
  });
});

describe("scienceQaScores", () => {
  const problem = (id: string, text?: string, prompt = "<image>\nWhich?") => ({
    id,
    choices: 3,
    answer: 1,
    ...(text !== undefined && { given: { text, prompt } }),
  });

  it("counts a missing answer as wrong and as text only", () => {
    const scores = scienceQaScores([problem("1", "B"), problem("2"), problem("3", "A"), problem("4", "B", "Which?")]);
    expect(scores).toMatchObject({ correct: 2, count: 4, accuracy: 50, imageCorrect: 1, imageCount: 2 });
    expect(scores.imageAccuracy).toBe(50);
    expect([...scores.results]).toEqual([
      ["1", 1],
      ["2", -1],
      ["3", 0],
      ["4", 1],
    ]);
  });

  it("has no accuracy of nothing", () => {
    expect(scienceQaScores([])).toMatchObject({ accuracy: null, imageAccuracy: null, count: 0 });
    expect(scienceQaScores([problem("1")])).toMatchObject({ accuracy: 0, imageAccuracy: null });
  });

  it("counts an id listed twice once, and refuses an answer beyond the letters", () => {
    expect(scienceQaScores([problem("1", "B"), problem("1", "B")]).count).toBe(1);
    expect(() => scienceQaScores([{ ...problem("7", "B"), answer: 5 }])).toThrow(InvalidInputError);
    expect(() => scienceQaScores([{ ...problem("7", "B"), answer: -1 }])).toThrow("got -1 in problem 7");
  });
});

describe("lmmsScienceQaMatch", () => {
  it("takes the bare letter in any case, or a capital before a period", () => {
    expect(["b", " B\x1f", "B.", "B. x", "B.x"].map((text) => lmmsScienceQaMatch(text, 1))).toEqual([1, 1, 1, 1, 1]);
    const wrong = ["b.", "(B)", "A. B", "", ".", "The answer is B.", "\ufeffB"];
    expect(wrong.map((text) => lmmsScienceQaMatch(text, 1))).toEqual(wrong.map(() => 0));
  });
});
