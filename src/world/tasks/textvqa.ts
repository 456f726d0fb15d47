/**
 * @file TextVQA's mirror: "What letter is on the red sign?", ten equal truths. The list of OCR tokens in the prompt stays
 * empty: it would tell the answer without a look at the picture.
 */
import { TEXTVQA, textVqaPrompt } from "../../benchmarks/index.js";
import { balancedQuestions, mirrorOf, questionLines } from "./task.js";

/** Questions about the letter on a sign. */
export const textvqaTask = mirrorOf({
  id: "syn_textvqa",
  folder: TEXTVQA.folder,
  summary: "read the letter on a sign",
  path: (i) => `${TEXTVQA.pictures}/${imageId(i)}.png`,
  ask: (pictures) =>
    balancedQuestions(pictures, ({ type }) => type === "letter" || type === "spelling").map(({ i, question }) => {
      const prompt = textVqaPrompt(question.text, []);
      return { id: imageId(i), picture: i, question, prompt, answer: question.answer };
    }),
  files: (asked, pictures) => ({
    [TEXTVQA.questions]: questionLines(asked, pictures, TEXTVQA.pictures),
    [TEXTVQA.annotations]: JSON.stringify({
      data: asked.map(({ id, question, answer }, i) => ({
        question_id: i,
        image_id: id,
        question: question.text,
        answers: Array(10).fill(answer.toLowerCase()),
        image_classes: ["Sign"],
        image_width: 336,
        image_height: 336,
        set_name: "val",
      })),
    }),
  }),
});

/** Sixteen hexadecimal digits, as TextVQA's ids have. */
function imageId(i: number): string {
  return `5e${i.toString(16).padStart(14, "0")}`;
}
