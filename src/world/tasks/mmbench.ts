/** @file MMBench's mirror: a TSV with the pictures in base64, every question in all rotations of its options. */

import { hasOptions, LETTERS_OF_OPTIONS, makeChoices, OPTION_LETTER, optionLines } from "../choices.js";
import { Balancer } from "./balance.js";
import { type AskedQuestion, askBalanced, padded, questionRandom, type SynthTask, taskPictures } from "./task.js";

/** A rotation's rows carry the index of the first plus this times the rotation. */
const ROTATION_STEP = 1_000_000;

const COLUMNS = "index question hint A B C D answer category image source l2-category comment split".split(" ");

export const mmbenchTask: SynthTask = {
  id: "syn_mmbench",
  folder: "mmbench",
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
        const answer = LETTERS_OF_OPTIONS[(correct - turn + options.length) % options.length];
        const prompt = `${question.text}\n${optionLines(turned)}\n${OPTION_LETTER}`;
        asked.push({ id: i + turn * ROTATION_STEP, picture: i, question, prompt, answer, options: turned });
      }
    });
    // Rotations of one question stand apart, as in the released file: all first ones, then all second ones.
    asked.sort((a, b) => Number(a.id) - Number(b.id));
    return {
      pictures,
      asked,
      needsPictures: true,
      files: (png) => ({
        "mmbench_dev_20230712.tsv": [
          COLUMNS.join("\t"),
          ...asked.map(({ id, picture, question, answer, options }) =>
            [
              id,
              question.text,
              "",
              ...[0, 1, 2, 3].map((o) => options[o] ?? ""),
              answer,
              question.type,
              png(picture),
              "synthetic",
              question.slice,
              "",
              "dev",
            ].join("\t"),
          ),
          "",
        ].join("\n"),
      }),
    };
  },
};
