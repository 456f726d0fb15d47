import { InvalidInputError } from "../../core/index.js";

/** Both CDPruner's and EADP's code add this to the numerator, so that no token has relevance 0. */
const FLOOR = 1e-6;

/**
 * Scores moved to 0 … 1: (s - min + 1e-6) / (max - min). Equal scores say nothing: all 1.
 *
 * @returns `[N]`.
 */
export function minMax(scores: Float64Array): Float64Array {
  let min = Infinity;
  let max = -Infinity;
  for (const score of scores) {
    if (score < min) min = score;
    if (score > max) max = score;
  }
  return scores.map((score) => (max > min ? (score - min + FLOOR) / (max - min) : 1));
}

/** Throws unless the value is 1 or -1. */
export function checkPolarity(method: string, textPolarity: number): void {
  if (textPolarity === 1 || textPolarity === -1) return;
  throw new InvalidInputError({ operation: method, expected: "textPolarity 1 or -1", got: String(textPolarity) });
}

/** Throws unless the option is a number in the range, bounds included. */
export function checkRange(method: string, name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new InvalidInputError({ operation: method, expected: `${name} from ${least} to ${most}`, got: String(value) });
}
