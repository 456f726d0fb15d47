/** @file Weighted sum of a matrix's rows, in double precision. */
import type { Matrix } from "./matrix.js";

/**
 * `out = Σ weights[e] · row rows[e]`, `[dim]`, in double precision, entry after entry, rounded to float32 once. Four entries
 * share a pass over the sums; the order of additions is that of one after the other.
 */
export function weightedSum({ data, dim }: Matrix, rows: Uint32Array, weights: Float32Array, out: Float32Array): void {
  const sums = new Float64Array(dim);
  let e = 0;
  for (; e + 4 <= rows.length; e += 4) {
    const w0 = weights[e];
    const w1 = weights[e + 1];
    const w2 = weights[e + 2];
    const w3 = weights[e + 3];
    const r0 = rows[e] * dim;
    const r1 = rows[e + 1] * dim;
    const r2 = rows[e + 2] * dim;
    const r3 = rows[e + 3] * dim;
    for (let c = 0; c < dim; c++) {
      sums[c] = sums[c] + w0 * data[r0 + c] + w1 * data[r1 + c] + w2 * data[r2 + c] + w3 * data[r3 + c];
    }
  }
  for (; e < rows.length; e++) {
    const weight = weights[e];
    const from = rows[e] * dim;
    for (let c = 0; c < dim; c++) sums[c] += weight * data[from + c];
  }
  out.set(sums);
}
