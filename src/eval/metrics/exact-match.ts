/** @file Exact match of an answer with one of the right ones. */
import { refusalFor } from "../../core/index.js";
import { normalizeM4c } from "./normalize-answer.js";
import { pyStrip } from "./python-text.js";

/**
 * 1 where the answer equals a truth after VQA's normalization on both sides (`normalizeM4c`: case, punctuation, articles, number words,
 * contractions), else 0. A text of which that leaves nothing, such as the letter A, is compared lowered and trimmed.
 *
 * @throws InvalidInputError without a truth.
 */
export function exactMatch(prediction: string, answers: readonly string[]): number {
  if (answers.length === 0) throw refusalFor("exactMatch")("at least one truth", 0);
  const given = plain(prediction);
  return Number(answers.some((answer) => plain(answer) === given));
}

function plain(text: string): string {
  return normalizeM4c(text) || pyStrip(text).toLowerCase();
}
