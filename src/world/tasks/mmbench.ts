/** @file MMBench's mirror: a TSV with the pictures in base64, every question in all rotations of its options. */
import { MMBENCH, mmbenchPrompt, multipleChoiceQuestion, optionLetter, tableLine } from "../../benchmarks/index.js";
import { hasOptions, makeChoices } from "../choices.js";
import { Balancer } from "./balance.js";
import { type AskedQuestion, askBalanced, padded, questionRandom, type SynthTask, taskPictures } from "./task.js";

export const mmbenchTask: SynthTask = {
  id: "syn_mmbench",
  folder: MMBENCH.folder,
  summary: "multiple choice in all rotations of up to four options",
  build(request) {
    const pictures = taskPictures("syn_mmbench", request, (i) => `images/${padded(i, 6)}.png`);
    const balancer = new Balancer();
    const asked: (AskedQuestion & { options: readonly string[] })[] = [];
    pictures.forEach((picture, i) => {
      const random = questionRandom(picture);
      const question = askBalanced(random, picture, balancer, hasOptions);
      if (question === undefined) return;
      const { options, correct } = makeChoices(random, picture.scene, question, 4);
      for (let turn = 0; turn < options.length; turn++) {
        const turned = options.map((_, o) => options[(o + turn) % options.length]);
        const answer = optionLetter((correct - turn + options.length) % options.length);
        const prompt = multipleChoiceQuestion(mmbenchPrompt(undefined, question.text, turned));
        asked.push({ id: i + turn * MMBENCH.rotation, picture: i, question, prompt, answer, options: turned });
      }
    });
    // Rotations of one question stand apart, as in the released file: all first ones, then all second ones.
    asked.sort((a, b) => Number(a.id) - Number(b.id));
    return {
      pictures,
      asked,
      needsPictures: true,
      files: (png) => ({
        [MMBENCH.table]: [
          tableLine(MMBENCH.columns),
          ...asked.map(({ id, picture, question: { text, type, slice }, answer, options }) => {
            const choices = [0, 1, 2, 3].map((o) => options[o] ?? "");
            return tableLine([id, text, "", ...choices, answer, type, png(picture), "synthetic", slice, "", "dev"]);
          }),
        ].join(""),
      }),
    };
  },
};
