import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../../core/index.js";
import { lmmsMmeAnswer, MME_COGNITION, MME_PERCEPTION, type MmeSubtasks, mmeAnswer, mmeScores } from "./mme.js";

describe("mmeAnswer", () => {
  it.each([
    ["Yes\n", "yes"],
    ["Not sure", "no"],
    ["know", "no"],
    ["I know", "other"],
    [" yes", "yes"],
    ["  yes", "other"],
    ["yno", "no"],
    ["noyes", "no"],
    ["y", "other"],
    ["", "other"],
    // Characters, not code units: two of them stand before the word.
    ["😀😀no", "no"],
    ["😀😀😀no", "other"],
    // Lowered, this letter is two characters.
    ["İİno", "other"],
    ["İno", "no"],
  ])("%j is %s", (field, answer) => {
    expect(mmeAnswer(field)).toBe(answer);
    expect(mmeAnswer(`${field}\n`)).toBe(answer);
  });

  it("is read otherwise by lmms-eval: trimmed, without periods, single letters", () => {
    expect(["  Yes", "\x1cno", "y", "N.", "...yes", "x", ".", "\ufeffyes", "\ufeff yes"].map(lmmsMmeAnswer)).toEqual([
      "yes",
      "no",
      "yes",
      "no",
      "yes",
      "other",
      "other",
      "yes",
      "other",
    ]);
  });
});

/** Pairs of one picture each, Yes then No. */
function subtask(...predictions: string[]) {
  return predictions.map((prediction, i) => ({
    image: `${Math.floor(i / 2)}.jpg`,
    truth: i % 2 === 0 ? "Yes" : "No",
    prediction,
  }));
}

describe("mmeScores", () => {
  it("adds accuracy and accuracy of pairs for each subtask", () => {
    const { tasks, perception, cognition, warnings } = mmeScores(
      new Map([
        ["count", subtask("yes", "no", "yes", "yes")],
        ["OCR", subtask("no", "no")],
        ["code_reasoning", subtask("yes", "no")],
      ]),
    );
    expect(tasks).toEqual({ count: 75 + 50, OCR: 50, code_reasoning: 200 });
    expect([perception, cognition]).toEqual([175, 200]);
    expect(warnings[0]).toMatch(/^perception: the sum is without existence, position/);
    expect(warnings).toHaveLength(2);
  });

  it("reaches 2000 and 800 without a warning", () => {
    const all = new Map([...MME_PERCEPTION, ...MME_COGNITION].map((name) => [name, subtask("Yes", "No")]));
    expect(mmeScores(all)).toMatchObject({ perception: 2000, cognition: 800, warnings: [] });
  });

  it("says where the official tool stops", () => {
    const whole = (rows: ReturnType<typeof subtask>) =>
      new Map(MME_PERCEPTION.map((name) => [name, name === "OCR" ? rows : subtask("Yes", "No")]));
    const silent = mmeScores(whole(subtask("maybe", "")));
    expect(silent.tasks.OCR).toBe(0);
    expect(silent.warnings).toEqual(["OCR: no answer is yes or no; the official tool stops there, scored 0"]);
    const torn = mmeScores(whole(subtask("Yes\tof course\n", "No\n")));
    expect(torn.tasks.OCR).toBe(200);
    expect(torn.warnings).toEqual([expect.stringMatching(/^OCR: 1 answers hold a tab or line end/)]);
  });

  it.each<[string, MmeSubtasks]>([
    ["an odd number of questions", new Map([["OCR", subtask("yes")]])],
    ["a subtask without questions", new Map([["OCR", []]])],
    ["an unknown subtask", new Map([["ocr", subtask("yes", "no")]])],
    ["a truth with a blank", new Map([["OCR", subtask("yes", "no").map((row) => ({ ...row, truth: "Yes " }))]])],
  ])("refuses %s", (_, subtasks) => expect(() => mmeScores(subtasks)).toThrow(InvalidInputError));
});
