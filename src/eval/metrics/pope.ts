/** @file POPE (arXiv 2305.10355) in three scripts: its own and LLaVA's (eval_pope.py), lmms-eval 75571cf, VLMEvalKit e8e78f0. */
import { refusalFor } from "../../core/index.js";
import { punctuation, VLMEVALKIT_PUNCTUATION } from "./normalize-answer.js";
import { pySplit, pyStrip } from "./python-text.js";

/** An answer as read by a rule. */
export type YesNo = "yes" | "no";

/** The official reading: `No`, `no` or `not`, a word between single blanks before the first period, means no. All else is yes. */
export function popeAnswer(text: string): YesNo {
  const words = text.split(".")[0].replaceAll(",", "").split(" ");
  return words.some((word) => word === "No" || word === "no" || word === "not") ? "no" : "yes";
}

/**
 * The object that a question asks about; undefined for a question of another form. With the picture it is the key that joins
 * questions and labels: label files come in other orders and lengths. LLaVA's question file writes "imange" in places.
 */
export function popeObject(question: string): string | undefined {
  return /^Is there an? (.+) in the ima(?:n)?ge\?/.exec(question)?.[1];
}

/**
 * The official scores, 0 to 1, with yes as the positive class. Null where the official script divides by zero.
 *
 * @param labels any but "no" counts as yes, as upstream.
 * @param answers as they came; the label of each is at the same place. Upstream would drop what the longer list has more.
 * @throws InvalidInputError for lists of different lengths.
 */
export function popeScores(labels: readonly string[], answers: readonly string[]) {
  assertPaired("popeScores", labels, answers);
  const counts = { TP: 0, FP: 0, TN: 0, FN: 0 };
  for (const [i, answer] of answers.entries()) {
    const isYes = popeAnswer(answer) === "yes";
    const isTrue = labels[i] !== "no";
    counts[isYes ? (isTrue ? "TP" : "FP") : isTrue ? "FN" : "TN"]++;
  }
  const { TP, FP, TN, FN } = counts;
  return {
    ...counts,
    accuracy: ratio(TP + TN, answers.length),
    ...popeF1([TP, FP, FN]),
    /** Share of predictions that are yes. */
    yesRatio: ratio(TP + FP, answers.length),
  };
}

/** F1 and its parts, each null where it divides by zero. @param counts hits, false yes, false no. */
export function popeF1([hits, falseYes, falseNo]: readonly number[]) {
  const precision = ratio(hits, hits + falseYes);
  const recall = ratio(hits, hits + falseNo);
  const f1 = precision === null || recall === null ? null : ratio(2 * precision * recall, precision + recall);
  return { precision, recall, f1 };
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function assertPaired(operation: string, labels: readonly string[], answers: readonly string[]): void {
  if (labels.length === answers.length) return;
  const got = `${labels.length} labels and ${answers.length} answers`;
  throw refusalFor(operation)("one label for each answer", got);
}

/** lmms-eval's reading: the whole answer, lowered and trimmed. Only `yes` and `no` can be right. */
export function lmmsPopePrediction(text: string): string {
  return pyStrip(text.toLowerCase());
}

/**
 * lmms-eval's scores, 0 to 1, by its names: 0 instead of a division by zero, and the yes ratio is that of the truth.
 *
 * @throws InvalidInputError for lists of different lengths or without an answer, and for a label other than yes and no.
 */
export function lmmsPopeScores(labels: readonly string[], answers: readonly string[]) {
  assertPaired("lmmsPopeScores", labels, answers);
  const truths = labels.map(lmmsPopePrediction);
  const strange = truths.length === 0 ? "no answer" : truths.find((truth) => truth !== "yes" && truth !== "no");
  if (strange !== undefined) throw refusalFor("lmmsPopeScores")("labels yes or no", strange);
  const predictions = answers.map(lmmsPopePrediction);
  const count = (truth: string, prediction?: string) =>
    truths.filter((own, i) => own === truth && (prediction ?? predictions[i]) === predictions[i]).length;
  const hits = count("yes", "yes");
  const { precision, recall, f1 } = popeF1([hits, count("no", "yes"), count("yes", "no")]);
  return {
    pope_accuracy: (hits + count("no", "no")) / truths.length,
    pope_precision: precision ?? 0,
    pope_recall: recall ?? 0,
    pope_f1_score: f1 ?? 0,
    pope_yes_ratio: count("yes") / truths.length,
  };
}

/** VLMEvalKit's reading (yorn.py: `YOrN_Extraction`): the words after its punctuation step; Unknown when both or none is there. */
export function vlmevalkitYesNo(text: string): "Yes" | "No" | "Unknown" {
  const words = pySplit(punctuation(text.toLowerCase(), VLMEVALKIT_PUNCTUATION));
  const [yes, no] = [words.includes("yes"), words.includes("no")];
  return yes === no ? "Unknown" : yes ? "Yes" : "No";
}
