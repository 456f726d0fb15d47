/** @file ScienceQA's scores by rule. */
import { vlmevalkitLetter } from "../metrics/mmbench-letter.js";
import {
  lmmsScienceQaMatch,
  type ScienceQaScores,
  scienceQaIndex,
  scienceQaLetter,
  scienceQaScores,
} from "../metrics/scienceqa.js";
import type { Rule } from "../task.js";
import { meanMetrics } from "./mean.js";
import { byLetter } from "./question-text.js";
import type { AnsweredRow, Judge } from "./task-definition.js";

export interface ScienceQaTruth {
  readonly id: string;
  readonly choices: readonly string[];
  /** Place of the right choice. */
  readonly answer: number;
}

type Row = AnsweredRow<ScienceQaTruth>;

const WORTH: Readonly<Record<Rule, (truth: ScienceQaTruth, answer: string) => number>> = {
  llava: ({ choices, answer }, text) => Number(scienceQaIndex(scienceQaLetter(text), choices.length) === answer),
  lmms_eval: ({ answer }, text) => lmmsScienceQaMatch(text, answer),
  vlmevalkit: ({ choices, answer }, text) =>
    Number(vlmevalkitLetter(text, byLetter(choices)) === String.fromCharCode(65 + answer)),
};

/**
 * Accuracy, 0 to 1, over all rows, missing answers being wrong, and by subject. LLaVA's script gives the questions with a picture beside
 * all; there it leaves missing answers out, and so does `exact_match/img`.
 */
export function scienceQaJudge(rule: Rule, onlyPictures: boolean): Judge<ScienceQaTruth> {
  const worth = WORTH[rule];
  return {
    headline: "exact_match",
    best: () => 1,
    worth,
    score(rows) {
      const metrics = meanMetrics("exact_match", rows, {
        of: ({ truth, answer }) => (answer === undefined ? 0 : worth(truth, answer)),
        by: ({ sample }) => sample.category,
      });
      if (rule !== "llava" || onlyPictures) return { metrics, warnings: [] };
      const { imageCorrect, imageCount } = officialScores(rows);
      const image = imageCount === 0 ? null : imageCorrect / imageCount;
      return { metrics: { ...metrics, "exact_match/img": image }, warnings: [] };
    },
  };
}

function officialScores(rows: readonly Row[]): ScienceQaScores {
  return scienceQaScores(
    rows.map(({ sample, truth: { id, choices, answer }, answer: text }) => ({
      id,
      choices: choices.length,
      answer,
      ...(text !== undefined && { given: { text, prompt: sample.prompt } }),
    })),
  );
}
