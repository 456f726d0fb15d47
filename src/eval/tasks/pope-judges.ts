/** @file POPE's scores by rule. */

import { groupBy } from "../../core/index.js";
import { meanOrNull } from "../../math/index.js";
import {
  type LmmsPopeScores,
  lmmsPopePrediction,
  lmmsPopeScores,
  popeAnswer,
  popeScores,
  vlmevalkitYesNo,
  type YesNo,
} from "../metrics/pope.js";
import type { Rule, TaskScores } from "../task.js";
import type { AnsweredRow, Judge } from "./task-definition.js";

type Row = AnsweredRow<YesNo>;

const HEADLINE = "pope_f1_score";

/** POPE's judge of each rule. */
export const POPE_JUDGES: Readonly<Record<Rule, Judge<YesNo>>> = {
  llava: {
    headline: HEADLINE,
    best: () => 1,
    score: officialScores,
    worth: (truth, answer) => Number(popeAnswer(answer) === truth),
  },
  lmms_eval: {
    headline: HEADLINE,
    best: () => 1,
    score: (rows) =>
      overAll(
        rows,
        scoresBy((answer) => answer),
      ),
    worth: (truth, answer) => Number(lmmsPopePrediction(answer) === truth),
  },
  vlmevalkit: {
    headline: HEADLINE,
    best: () => 100,
    score: (rows) => overAll(rows, vlmevalkitScores),
    worth: (truth, answer) => Number(vlmevalkitYesNo(answer).toLowerCase() === truth),
  },
};

const labelsOf = (rows: readonly Row[]) => rows.map(({ truth }) => truth);

/** The answer; for a missing one the wrong word, since no rule has a third that is wrong on both sides. */
function given({ answer, truth }: Row): string {
  return answer ?? (truth === "yes" ? "no" : "yes");
}

const OFFICIAL_NAMES = [
  [HEADLINE, "f1"],
  ["pope_accuracy", "accuracy"],
  ["pope_precision", "precision"],
  ["pope_recall", "recall"],
  ["pope_yes_ratio", "yesRatio"],
] as const;

/** Means over the splits that are there, and each split. */
function officialScores(rows: readonly Row[]): TaskScores {
  const splits = [...groupBy(rows, ({ sample }) => sample.category)].map(([split, own]) => {
    return { split, scores: popeScores(labelsOf(own), own.map(given)) };
  });
  const metrics: Record<string, number | null> = {};
  for (const [name, key] of OFFICIAL_NAMES) {
    const values = splits.map(({ scores }) => scores[key]);
    metrics[name] = values.includes(null) ? null : meanOrNull(values as number[]);
    for (const { split, scores } of splits) metrics[`${name}/${split}`] = scores[key];
  }
  const stopped = splits.filter(({ scores }) => scores.f1 === null);
  const warnings = stopped.map(({ split }) => `${split}: no F1, where the official script divides by zero and stops`);
  return { metrics, warnings };
}

/** Scores over all rows, and of each split. */
function overAll(rows: readonly Row[], score: (rows: readonly Row[]) => LmmsPopeScores): TaskScores {
  const metrics: Record<string, number> = { ...score(rows) };
  for (const [split, own] of groupBy(rows, ({ sample }) => sample.category)) {
    for (const [name, value] of Object.entries(score(own))) metrics[`${name}/${split}`] = value;
  }
  return { metrics, warnings: [] };
}

function scoresBy(read: (answer: string) => string): (rows: readonly Row[]) => LmmsPopeScores {
  return (rows) =>
    lmmsPopeScores(
      labelsOf(rows),
      rows.map((row) => read(given(row))),
    );
}

/** VLMEvalKit's percentages: an answer that is neither counts as no in the F1, and as wrong in the accuracy. */
function vlmevalkitScores(rows: readonly Row[]): LmmsPopeScores {
  const { pope_accuracy, pope_yes_ratio } = scoresBy(vlmevalkitYesNo)(rows);
  const isYes = (answer: string) => (vlmevalkitYesNo(answer) === "Yes" ? "yes" : "no");
  const { pope_precision, pope_recall, pope_f1_score } = scoresBy(isYes)(rows);
  return {
    pope_accuracy: 100 * pope_accuracy,
    pope_precision: 100 * pope_precision,
    pope_recall: 100 * pope_recall,
    pope_f1_score: 100 * pope_f1_score,
    pope_yes_ratio,
  };
}
