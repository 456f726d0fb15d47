/** @file Average normalized Levenshtein similarity: answers that are spelled nearly right count in part. */
import { refusalFor } from "../../core/index.js";
import { editDistance } from "../../math/index.js";
import { pySplit, pyStrip } from "./python-text.js";

/** A similarity below it counts as 0. */
const THRESHOLD = 0.5;

/**
 * ANLS of one answer (Biten et al., arXiv 1907.00490), as lmms-eval 75571cf has it (api/metrics.py): 1 less the edit distance divided by
 * the longer text's length, the greatest over the truths, 0 below one half. Before they are compared both texts are lowered, and runs of
 * white space become one blank. Lengths are those before that, counted in code points. The paper counts exactly one half as 0.
 *
 * @returns 0, or 0.5 to 1.
 * @throws InvalidInputError without a truth.
 */
export function anls(prediction: string, answers: readonly string[]): number {
  if (answers.length === 0) throw refusalFor("anls")("at least one truth", 0);
  const given = pyStrip(prediction);
  const best = answers.reduce((most, answer) => Math.max(most, similarity(given, answer)), 0);
  return best < THRESHOLD ? 0 : best;
}

function similarity(given: string, answer: string): number {
  const length = Math.max(lengthOf(given), lengthOf(answer));
  return length === 0 ? 1 : 1 - editDistance(plain(given), plain(answer)) / length;
}

/** Upstream measures upper-case texts: ß is two then. */
function lengthOf(text: string): number {
  return [...text.toUpperCase()].length;
}

/** Code points. */
function plain(text: string): string[] {
  return [...pySplit(text.toLowerCase()).join(" ")];
}
