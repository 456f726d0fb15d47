/** @file Exact match of an answer with one of the right ones. */
import { refusalFor } from "../../core/index.js";
import { normalizeOwnAnswer } from "./own-answer.js";

/**
 * 1 where the answer equals a truth after `normalizeOwnAnswer` on both sides, else 0.
 *
 * @throws InvalidInputError without a truth.
 */
export function exactMatch(prediction: string, answers: readonly string[]): number {
  if (answers.length === 0) throw refusalFor("exactMatch")("at least one truth", 0);
  const given = normalizeOwnAnswer(prediction);
  return Number(answers.some((answer) => normalizeOwnAnswer(answer) === given));
}
