import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../../core/index.js";
import { lmmsPopeScores, popeAnswer, popeObject, popeScores, vlmevalkitYesNo } from "./pope.js";

describe("popeAnswer", () => {
  it.each(["no", "No", "not", "No, sir", "it is no", "I do not. Yes", "n,o"])("takes %j for no", (text) =>
    expect(popeAnswer(text)).toBe("no"),
  );
  it.each(["", "NO", "Not", "Nope", "no!", "No\nYes", "\tno", "no\u00a0dog", "It is. No", "isn't", "knot"])(
    "takes %j for yes",
    (text) => expect(popeAnswer(text)).toBe("yes"),
  );
});

describe("popeScores", () => {
  it("counts by hand", () => {
    const labels = ["yes", "yes", "yes", "no", "no", "other"];
    const answers = ["Yes", "Yes", "No", "No", "Yes", "No"];
    expect(popeScores(labels, answers)).toEqual({
      TP: 2,
      FP: 1,
      TN: 1,
      FN: 2,
      accuracy: 0.5,
      precision: 2 / 3,
      recall: 0.5,
      f1: (2 * (2 / 3) * 0.5) / (2 / 3 + 0.5),
      yesRatio: 0.5,
    });
  });

  it("is null where the official script divides by zero", () => {
    const noYes = popeScores(["yes", "no"], ["No", "No"]);
    expect(noYes).toMatchObject({ accuracy: 0.5, precision: null, recall: 0, f1: null, yesRatio: 0 });
    const noLabel = popeScores(["no", "no"], ["Yes", "No"]);
    expect(noLabel).toMatchObject({ precision: 0, recall: null, f1: null });
    const noHit = popeScores(["no", "yes"], ["Yes", "No"]);
    expect(noHit).toMatchObject({ accuracy: 0, precision: 0, recall: 0, f1: null });
    expect(popeScores([], [])).toMatchObject({ accuracy: null, precision: null, recall: null, yesRatio: null });
  });

  it("refuses lists that do not pair, which upstream would cut", () => {
    expect(() => popeScores(["yes"], ["Yes", "No"])).toThrow(InvalidInputError);
    expect(() => lmmsPopeScores(["yes", "no"], ["Yes"])).toThrow(InvalidInputError);
  });
});

describe("lmmsPopeScores", () => {
  it("has only the bare words right, leaves others out of recall, and gives the truth's yes ratio", () => {
    expect(lmmsPopeScores([" YES", "yes", "yes", "no"], ["Yes", "no", "Yes.", "\x1fno"])).toEqual({
      pope_accuracy: 0.5,
      pope_precision: 1,
      pope_recall: 0.5,
      pope_f1_score: 2 / 3,
      pope_yes_ratio: 0.75,
    });
  });

  it("gives 0 where nothing is yes", () => {
    expect(lmmsPopeScores(["no"], ["no"])).toEqual({
      pope_accuracy: 1,
      pope_precision: 0,
      pope_recall: 0,
      pope_f1_score: 0,
      pope_yes_ratio: 0,
    });
  });

  it("refuses no answers and labels that are neither", () => {
    expect(() => lmmsPopeScores([], [])).toThrow(InvalidInputError);
    expect(() => lmmsPopeScores(["maybe"], ["yes"])).toThrow("labels yes or no, got maybe");
  });
});

describe("vlmevalkitYesNo", () => {
  it.each([
    ["(no)", "No"],
    ["no-parking", "No"],
    ["YES!", "Yes"],
    ["yes and no", "Unknown"],
    ["Nope", "Unknown"],
    ["1. no.", "No"],
    // Periods after the 32nd stay, and with them another word.
    [`${"x. ".repeat(32)}no.`, "Unknown"],
    [`${"x. ".repeat(31)}no.`, "No"],
    // A period after a digit stays.
    ["it is no1. no", "No"],
  ])("%j is %s", (text, answer) => expect(vlmevalkitYesNo(text)).toBe(answer));
});

describe("popeObject", () => {
  it("is found in both spellings and before an instruction", () => {
    expect(popeObject("Is there a dining table in the image?")).toBe("dining table");
    expect(popeObject("Is there an apple in the imange?\nAnswer the question")).toBe("apple");
    expect(popeObject("Are there dogs?")).toBeUndefined();
  });
});
