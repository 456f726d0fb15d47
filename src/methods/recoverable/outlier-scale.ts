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
    throw new OfficialFailureError({
      operation: `recoverable/${rules.variant}`,
      stage,
      expected: "at least 2 scores for the outlier factor (scikit-learn raises ValueError)",
      got: String(scores.length),
    });
  }
  const factors = localOutlierFactor(scores, { neighbors });
  const outliers = countOutliers(scores, factors, rules.side);
  return { factors, outliers, ratio: outliers / scores.length };
}
