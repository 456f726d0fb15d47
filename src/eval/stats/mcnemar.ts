/** @file Answers that turn from right to wrong, or back, and whether chance alone does that. */

/** Right and wrong answers that turned. */
export interface Flips {
  /** Answers right with all tokens that are wrong now. */
  readonly rightToWrong: number;
  /** Answers wrong with all tokens that are right now. */
  readonly wrongToRight: number;
  /** Samples compared. */
  readonly samples: number;
}

/** A score from which on an answer counts as right: of soft scores, half the annotators or more. */
export const RIGHT = 0.5;

/** Flips between two lists of scores (0 to 1) of the same samples. */
export function flips(before: readonly number[], after: readonly number[]): Flips {
  let [rightToWrong, wrongToRight] = [0, 0];
  for (let i = 0; i < before.length; i++) {
    const [was, is] = [before[i] >= RIGHT, after[i] >= RIGHT];
    if (was && !is) rightToWrong++;
    if (!was && is) wrongToRight++;
  }
  return { rightToWrong, wrongToRight, samples: before.length };
}

/**
 * Exact two-sided p of McNemar's test (1947), 1 without discordant pairs. It is twice the smaller tail of a binomial with share one
 * half over these pairs, at most 1.
 */
export function mcnemarExact({ rightToWrong, wrongToRight }: Pick<Flips, "rightToWrong" | "wrongToRight">): number {
  const pairs = rightToWrong + wrongToRight;
  const fewer = Math.min(rightToWrong, wrongToRight);
  if (2 * fewer === pairs) return 1;
  // In logarithms: 2^-pairs is 0 in doubles from 1075 pairs on.
  let logTerm = -pairs * Math.LN2;
  let tail = Math.exp(logTerm);
  for (let k = 1; k <= fewer; k++) {
    logTerm += Math.log((pairs - k + 1) / k);
    tail += Math.exp(logTerm);
  }
  return Math.min(1, 2 * tail);
}
