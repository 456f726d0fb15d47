/**
 * @file TextVQA's mirror: "What letter is on the red sign?", ten equal truths. The list of OCR tokens in the prompt stays
 * empty: it would tell the answer without a look at the picture.
 */
import { jsonLines, TEXTVQA, textVqaPrompt } from "../../benchmarks/index.js";
import { balancedQuestions, type SynthTask, taskPictures } from "./task.js";

/** Questions about the letter on a sign. */
export const textvqaTask: SynthTask = {
  id: "syn_textvqa",
  folder: TEXTVQA.folder,
  summary: "read the letter on a sign",
  build(request) {
    const pictures = taskPictures("syn_textvqa", request, (i) => `${TEXTVQA.pictures}/${imageId(i)}.png`);
    const asked = balancedQuestions(pictures, ({ type }) => type === "letter").map(({ i, question }) => {
      const prompt = textVqaPrompt(question.text, []);
      return { id: imageId(i), picture: i, question, prompt, answer: question.answer };
    });
    return {
      pictures,
      asked,
      files: () => ({
        [TEXTVQA.questions]: jsonLines(
          TEXTVQA.question,
          asked.map(({ id, prompt }) => ({ question_id: id, image: `${id}.png`, text: prompt, category: "default" })),
        ),
        [TEXTVQA.annotations]: JSON.stringify({
          data: asked.map(({ id, question, answer }, i) => ({
            question_id: i,
            image_id: id,
            question: question.text,
            answers: Array.from({ length: 10 }, () => answer.toLowerCase()),
            image_classes: ["Sign"],
            image_width: 336,
            image_height: 336,
            set_name: "val",
          })),
        }),
      }),
    };
  },
};

/** Sixteen hexadecimal digits, as TextVQA's ids have. */
function imageId(i: number): string {
  return `5e${i.toString(16).padStart(14, "0")}`;
}
