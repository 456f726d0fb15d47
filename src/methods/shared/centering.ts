/** @file What Cen-Prune (2026) adds to methods that choose by cosines: rows about their mean, and how untypical each row is. */
import { type Kernels, type Matrix, matrixTimesVector } from "../../math/index.js";
import { inverseNorms } from "./nearest-rows.js";

/** Features seen from their mean. */
export interface Centered {
  /** The features less their mean row, `[N, C]`. */
  readonly features: Matrix;
  /** Quality g of each token, `[N]`, 0 to 1: high where its mean cosine to all tokens, uncentered, is low. All 1 where all are equal. */
  readonly quality: Float64Array;
}

/** Rows that are the mean but for this share of their norm, and mean cosines that differ by no more, differ by rounding of float32. */
const ROUNDING = 1e-6;

/**
 * Formula: x_i - mean x; g = min-max of -mean_j cos(x_i, x_j). O(N C). Source: "Centering before Pruning" (Inha, 2026), formulas only.
 *
 * @throws InvalidInputError for norms that float32 does not hold.
 */
export function centered(features: Matrix, kernels: Kernels): Centered {
  const { data, count, dim } = features;
  const ids = Uint32Array.from(data.subarray(0, count), (_, id) => id);
  const mean = new Float32Array(dim);
  const direction = new Float32Array(dim);
  const norms = kernels.withRows(features, (rows) => {
    const inverse = inverseNorms(rows);
    rows.weightedSum(ids, new Float32Array(count).fill(1 / count), mean);
    rows.weightedSum(
      ids,
      Float32Array.from(inverse, (norm) => norm / count),
      direction,
    );
    return inverse;
  });
  const toMean = matrixTimesVector(features, direction);
  const typical = norms.map((norm, id) => norm * toMean[id]);
  const out = new Float32Array(data.length);
  for (let row = 0; row < count; row++) {
    let square = 0;
    for (let c = 0; c < dim; c++) {
      const value = data[row * dim + c] - mean[c];
      out[row * dim + c] = value;
      square += value * value;
    }
    if (norms[row] > 0 && Math.sqrt(square) * norms[row] <= ROUNDING) out.fill(0, row * dim, (row + 1) * dim);
  }
  return { features: { data: out, count, dim }, quality: untypical(typical) };
}

/** 1 for the least of the values, 0 for the largest. */
function untypical(values: Float64Array): Float64Array {
  const min = values.reduce((a, b) => Math.min(a, b));
  const max = values.reduce((a, b) => Math.max(a, b));
  return values.map((value) => (max - min > ROUNDING ? (max - value) / (max - min) : 1));
}
