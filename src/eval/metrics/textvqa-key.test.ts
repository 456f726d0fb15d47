import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../../core/index.js";
import { textVqaQuestionKey } from "./textvqa-key.js";

const SHORT = "Answer the question using a single word or phrase.";

describe("textVqaQuestionKey", () => {
  it.each([
    [`What İs it?\n${SHORT}`, "what i\u0307s it?"],
    [`What?\nReference OCR token: A, B\n${SHORT}`, "what?"],
    [`What?\nReference OCR token: \n${SHORT}`, "what?"],
    [`Reference OCR token: A\nWhat?\n${SHORT}`, "what?"],
    // Beginning without the blank still puts the question second, if the blank comes elsewhere.
    [`Reference OCR token:A\nWhat?\nReference OCR token: `, "what?"],
    ["OCR tokens: X. Question: What\nIs It? Short answer: Short answer:", "what\nis it?"],
    ["\n", ""],
  ])("of %j is %j", (prompt, key) => expect(textVqaQuestionKey(prompt)).toBe(key));

  it.each(["", "One line", `a\nb\n${SHORT}`, "OCR tokens: X\nno question", "Reference OCR token: A"])(
    "refuses %j",
    (prompt) => expect(() => textVqaQuestionKey(prompt)).toThrow(InvalidInputError),
  );
});
