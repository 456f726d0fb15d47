/** @file ScienceQA's mirror (with images): two to five options about the picture, answered by a letter. */

import { hasOptions, LETTERS_OF_OPTIONS, makeChoices, OPTION_LETTER, optionLines } from "../choices.js";
import { Balancer } from "./balance.js";
import { type AskedQuestion, askBalanced, questionRandom, type SynthTask, taskPictures } from "./task.js";

export const scienceqaTask: SynthTask = {
  id: "syn_sqa_img",
  folder: "scienceqa",
  summary: "multiple choice with two to five options",
  build(request) {
    const pictures = taskPictures("syn_sqa_img", request, (i) => `images/test/${i + 1}/image.png`);
    const balancer = new Balancer();
    const asked: (AskedQuestion & { options: readonly string[]; correct: number })[] = [];
    pictures.forEach((picture, i) => {
      const random = questionRandom(picture);
      const question = askBalanced(random, picture, balancer, hasOptions);
      if (question === undefined) return;
      const { options, correct } = makeChoices(random, picture.scene, question, 5);
      const prompt = `${question.text}\n${optionLines(options)}\n${OPTION_LETTER}`;
      const answer = LETTERS_OF_OPTIONS[correct];
      asked.push({ id: String(i + 1), picture: i, question, prompt, answer, options, correct });
    });
    return {
      pictures,
      asked,
      files: () => ({
        "llava_test_CQM-A.json": JSON.stringify(
          asked.map(({ id, prompt, answer }) => ({
            id,
            image: `${id}/image.png`,
            conversations: [
              { from: "human", value: `<image>\n${prompt}` },
              { from: "gpt", value: answer },
            ],
          })),
        ),
        "problems.json": JSON.stringify(
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
        "pid_splits.json": JSON.stringify({ train: [], val: [], test: asked.map(({ id }) => id) }),
      }),
    };
  },
};
