/** @file ScienceQA's mirror (with images): two to five options about the picture, answered by a letter. */
import { IMAGE_MARK, optionLetter, SCIENCEQA, scienceQaPrompt } from "../../benchmarks/index.js";
import { hasOptions, makeChoices } from "../choices.js";
import { balancedQuestions, mirrorOf } from "./task.js";

/** Lettered questions with two to five options. */
export const scienceqaTask = mirrorOf({
  id: "syn_sqa_img",
  folder: SCIENCEQA.folder,
  summary: "multiple choice with two to five options",
  path: (i) => `${SCIENCEQA.pictures}/${i + 1}/image.png`,
  ask: (pictures) =>
    balancedQuestions(pictures, hasOptions).map(({ i, question, random }) => {
      const { options, correct } = makeChoices(random, pictures[i].scene, question, 5);
      const prompt = scienceQaPrompt({ hint: "", question: question.text, choices: options });
      return { id: String(i + 1), picture: i, question, prompt, answer: optionLetter(correct), options, correct };
    }),
  files: (asked) => ({
    [SCIENCEQA.questions]: JSON.stringify(
      asked.map(({ id, prompt, answer }) => ({
        id,
        image: `${id}/image.png`,
        conversations: [
          { from: "human", value: `${IMAGE_MARK}\n${prompt}` },
          { from: "gpt", value: answer },
        ],
      })),
    ),
    [SCIENCEQA.problems]: JSON.stringify(
      Object.fromEntries(
        asked.map(({ id, question, options, correct }) => [
          id,
          {
            question: question.text,
            choices: options,
            answer: correct,
            hint: "",
            image: "image.png",
            task: "closed choice",
            grade: "grade1",
            subject: "natural science",
            topic: "synthetic",
            category: question.type,
            skill: question.slice,
            lecture: "",
            solution: "",
            split: "test",
          },
        ]),
      ),
    ),
    [SCIENCEQA.splits]: JSON.stringify({ train: [], val: [], test: asked.map(({ id }) => id) }),
  }),
});
