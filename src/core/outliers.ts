/** @file Outliers among scores: how the method finds out by itself how many tokens matter in an image. */
import { median, outlierFactors } from "../math/index.js";
import { refusalFor } from "./errors.js";
import { optionsOf } from "./options.js";
import { assertFinite, assertVector } from "./visual-tokens.js";

/** A factor above this marks an outlier: scikit-learn's offset for `contamination="auto"`, as in the LOF paper. */
export const OUTLIER_THRESHOLD = 1.5;

/**
 * Local outlier factor of each score, `[n]`: about 1 for a score among its like, well above 1 for one that stands apart.
 * Equal to `-negative_outlier_factor_` of scikit-learn's `LocalOutlierFactor(n_neighbors=k)` for one-dimensional float32
 * data: bit for bit without ties, and where the k-th neighbor is ambiguous the lower position is taken.
 *
 * ```ts
 * localOutlierFactor(Float32Array.of(0, 1, 2, 3, 40), { neighbors: 2 }); // [1, 1, 1, 1, 25]
 * ```
 *
 * @param neighbors k. Larger: a group must be larger to count as normal. More than n - 1 is taken as n - 1.
 * @throws InvalidInputError for fewer than 2 scores (as scikit-learn), non-finite ones, a k that is no whole number above 0.
 */
export function localOutlierFactor(scores: Float32Array, options: { neighbors?: number } = {}): Float32Array {
  const operation = "localOutlierFactor";
  const { neighbors = 20 } = optionsOf(operation, options);
  const refuse = refusalFor(operation);
  assertVector(operation, "scores", scores);
  if (scores.length < 2) throw refuse("at least 2 scores", scores.length);
  if (!Number.isInteger(neighbors) || neighbors < 1) throw refuse("neighbors as a whole number above 0", neighbors);
  assertFinite(operation, "scores", scores, 1);
  return outlierFactors(scores, neighbors);
}

/**
 * Which outliers count: on `both` sides, as the released code of Recoverable Compression has it, or only those above the
 * median, since only high scores are then kept.
 */
export type OutlierSide = "both" | "high";

/** Number of factors above 1.5 (strictly) among the scores of the given side. */
export function countOutliers(scores: Float32Array, factors: Float32Array, side: OutlierSide): number {
  const above = side === "high" ? median(scores) : -Infinity;
  return scores.filter((score, i) => factors[i] > OUTLIER_THRESHOLD && score > above).length;
}
