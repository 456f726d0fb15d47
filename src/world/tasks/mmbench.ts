/** @file MMBench's mirror: a TSV with the pictures in base64, every question in all rotations of its options. */
import { MMBENCH, mmbenchPrompt, multipleChoiceQuestion, optionLetter, tableLine } from "../../benchmarks/index.js";
import { hasOptions, makeChoices } from "../choices.js";
import { balancedQuestions, mirrorOf } from "./task.js";

/** Lettered questions, each in all rotations of its options. */
export const mmbenchTask = mirrorOf({
  id: "syn_mmbench",
  folder: MMBENCH.folder,
  summary: "multiple choice in all rotations of up to four options",
  path: (i) => `images/${String(i).padStart(6, "0")}.png`,
  ask(pictures) {
    const asked = balancedQuestions(pictures, hasOptions).flatMap(({ i, question, random }) => {
      const { options, correct } = makeChoices(random, pictures[i].scene, question, 4);
      return options.map((_, turn) => {
        const turned = options.map((_, o) => options[(o + turn) % options.length]);
        const answer = optionLetter((correct - turn + options.length) % options.length);
        const prompt = multipleChoiceQuestion(mmbenchPrompt(undefined, question.text, turned));
        return { id: i + turn * MMBENCH.rotation, picture: i, question, prompt, answer, options: turned };
      });
    });
    // Rotations of one question stand apart, as in the released file: all first ones, then all second ones.
    return asked.sort((a, b) => a.id - b.id);
  },
  files(asked, _, png) {
    const lines = asked.map(({ id, picture, question: { text, type, slice }, answer, options }) => {
      const choices = [0, 1, 2, 3].map((o) => options[o] ?? "");
      return tableLine([id, text, "", ...choices, answer, type, png(picture), "synthetic", slice, "", "dev"]);
    });
    return { [MMBENCH.table]: [tableLine(MMBENCH.columns), ...lines].join("") };
  },
});
