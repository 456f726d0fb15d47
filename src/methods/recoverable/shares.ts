/** @file How many rows each step gives: as many as there are outliers among scores, or scaled to a number of rows. */
import { countOutliers, localOutlierFactor, OfficialFailureError } from "../../core/index.js";
import type { Rules } from "./options.js";

/** How many scores stand out, by their local outlier factors. */
export interface Scale {
  /** Outlier factor of each score, `[n]`; empty where there were too few scores for one. */
  readonly factors: Float32Array;
  /** Outliers of the side that the variant counts. */
  readonly outliers: number;
  /** outliers / n in double precision, 0 for no scores. */
  readonly ratio: number;
}

/**
 * The paper's dynamic scale filter over one list of scores. Fewer than 2 scores have no factor: `paper` finds no outlier
 * there, the released code raises.
 *
 * @param stage the released code's name for the call, should it raise.
 */
export function outlierScale(scores: Float32Array, neighbors: number, rules: Rules, stage: string): Scale {
  if (scores.length < 2) {
    if (rules.variant === "paper") return { factors: new Float32Array(0), outliers: 0, ratio: 0 };
    const expected = "at least 2 scores for the outlier factor (scikit-learn raises ValueError)";
    throw released(rules, stage, expected, scores.length);
  }
  const factors = localOutlierFactor(scores, { neighbors });
  const outliers = countOutliers(scores, factors, rules.side);
  return { factors, outliers, ratio: outliers / scores.length };
}

/** The error of an official variant where the released code raises. */
export function released({ variant }: Rules, stage: string, expected: string, got: number): OfficialFailureError {
  return new OfficialFailureError({ operation: `recoverable/${variant}`, stage, expected, got: String(got) });
}

/** Rows of each kind. `merged` counts the centers and the residual row. */
export interface Shares {
  readonly visual: number;
  readonly text: number;
  readonly merged: number;
}

/**
 * Scales the rows that the dynamic budget would give to exactly `retain` rows, in proportion, by largest remainder (equal
 * remainders: visual before text before merged). No kind falls below 1 where there is room: with 1 row it is visual, with 2
 * visual and text; from 3 on each kind has one, also a kind of which the image asked for none.
 */
export function scaleShares(dynamic: Shares, retain: number): Shares {
  if (retain < 3) return { visual: 1, text: retain - 1, merged: 0 };
  const asked = [dynamic.visual, dynamic.text, dynamic.merged].map((rows) => Math.max(1, rows));
  const total = asked.reduce((a, b) => a + b);
  const rows = asked.map((share) => Math.max(1, Math.floor((share * retain) / total)));
  // Remainders times the total: whole numbers, so that equal ones are equal.
  const remainder = asked.map((share, kind) => share * retain - rows[kind] * total);
  const byRemainder = [0, 1, 2].sort((a, b) => remainder[b] - remainder[a] || a - b);
  let missing = retain - rows.reduce((a, b) => a + b);
  // The floor of 1 can overshoot by 1: taken back where most rows exceed their share.
  for (const kind of byRemainder.toReversed()) {
    while (missing < 0 && rows[kind] > 1) {
      rows[kind]--;
      missing++;
    }
  }
  for (const kind of byRemainder) if (missing-- > 0) rows[kind]++;
  return { visual: rows[0], text: rows[1], merged: rows[2] };
}
