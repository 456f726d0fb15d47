/** @file VQA's soft accuracy: min(1, matches / 3) against the ten answers of people (Antol et al., arXiv 1505.00468), in three scripts' readings. */
import { groupBy, refusalFor } from "../../core/index.js";
import { mean } from "../../math/index.js";
import {
  digitsAndArticles,
  M4C_PUNCTUATION,
  normalizeM4c,
  normalizeVqaToolkit,
  oneLine,
  punctuation,
} from "./normalize-answer.js";
import { normalizeOwnAnswer } from "./own-answer.js";

/** For each truth: min(1, equal ones among the others / 3); the mean. `answers` has at least one. */
function leaveOneOut(prediction: string, answers: readonly string[]): number {
  const matches = answers.filter((answer) => answer === prediction).length;
  return mean(answers.map((answer) => Math.min(1, (matches - Number(answer === prediction)) / 3)));
}

/**
 * TextVQA as LLaVA scores it (m4c_evaluator.py: `TextVQAAccuracyEvaluator`): both sides normalized by M4C. 0 to 1.
 *
 * @throws InvalidInputError unless there are ten truths, where the official script stops.
 */
export function textVqaAccuracy(prediction: string, answers: readonly string[]): number {
  if (answers.length !== 10) throw refusalFor("textVqaAccuracy")("ten truths", answers.length);
  return leaveOneOut(normalizeM4c(prediction), answers.map(normalizeM4c));
}

/**
 * Accuracy by the VQA toolkit (a013f00, vqaEval.py), 0 to 1. Nothing is normalized when all truths are the same text: `Yes` is
 * wrong where all ten say `yes`. A truth is left out by its place; upstream compares whole answer objects, which have their own
 * answer_id.
 *
 * @throws InvalidInputError without a truth.
 */
export function vqaToolkitAccuracy(prediction: string, answers: readonly string[]): number {
  if (answers.length === 0) throw refusalFor("vqaToolkitAccuracy")("at least one truth", 0);
  const truths = answers.map(oneLine);
  const own = oneLine(prediction);
  if (new Set(truths).size <= 1) return leaveOneOut(own, truths);
  return leaveOneOut(normalizeVqaToolkit(own), truths.map(normalizeVqaToolkit));
}

/**
 * Soft accuracy of data without a script of their own: both sides by `normalizeOwnAnswer`, against any number of answers, each left out in
 * turn. Of three equal answers the right one gives 2/3, of four 1. An empty answer equals an empty one alone. 0 to 1.
 *
 * @throws InvalidInputError without a truth.
 */
export function vqaAccuracy(prediction: string, answers: readonly string[]): number {
  if (answers.length === 0) throw refusalFor("vqaAccuracy")("at least one truth", 0);
  return leaveOneOut(normalizeOwnAnswer(prediction), answers.map(normalizeOwnAnswer));
}

/**
 * lmms-eval 75571cf (vqav2/utils.py): both sides always by M4C's last two steps, without those for commas and possessives before. 0 to 1.
 *
 * @throws InvalidInputError without a truth.
 */
export function lmmsVqaAccuracy(prediction: string, answers: readonly string[]): number {
  if (answers.length === 0) throw refusalFor("lmmsVqaAccuracy")("at least one truth", 0);
  const steps = (text: string) => digitsAndArticles(punctuation(oneLine(text), M4C_PUNCTUATION));
  return leaveOneOut(steps(prediction), answers.map(steps));
}

/** The text that is there most often, the first of equals; empty of none. */
export function mostFrequent(texts: readonly string[]): string {
  const groups = [...groupBy(texts, (text) => text).values()];
  return groups.reduce((most, own) => (own.length > most.length ? own : most), [])[0] ?? "";
}
