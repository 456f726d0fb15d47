import { refusalFor } from "../../core/index.js";
import { type ResidentRows, topK } from "../../math/index.js";

/** Queries whose similarities are computed together: one pass over the rows serves them all. */
const QUERY_BLOCK = 32;

/** Which rows are compared, and how many are taken. */
export interface NearestRowsOptions {
  /** Neighbors per query, at most one fewer than candidates. */
  readonly count: number;
  /** Added to each candidate's cosine, `[n]`. */
  readonly bonus?: Float64Array;
}

/**
 * For each query its nearest other candidates, best first: the largest cosine (+ bonus), ties to the lower position. A zero
 * row is similar to nothing.
 *
 * @param candidates row of each candidate, `[n]`.
 * @param queries positions in `candidates`.
 * @returns positions in `candidates`, one list of `count` per query.
 */
export function nearestRows(
  rows: ResidentRows,
  candidates: Uint32Array,
  queries: Uint32Array,
  { count, bonus = new Float64Array(candidates.length) }: NearestRowsOptions,
): Uint32Array[] {
  const norms = inverseNorms(rows);
  const candidateNorms = new Float64Array(candidates.length);
  for (let c = 0; c < candidates.length; c++) candidateNorms[c] = norms[candidates[c]];
  const dots = new Float32Array(Math.min(QUERY_BLOCK, queries.length) * candidates.length);
  const scores = new Float32Array(candidates.length);
  const lists: Uint32Array[] = [];
  for (let start = 0; start < queries.length; start += QUERY_BLOCK) {
    const block = queries.subarray(start, start + QUERY_BLOCK);
    const blockRows = block.map((position) => candidates[position]);
    rows.dots(blockRows, candidates, dots);
    for (let q = 0; q < block.length; q++) {
      const norm = candidateNorms[block[q]];
      const row = q * scores.length;
      for (let c = 0; c < scores.length; c++) scores[c] = dots[row + c] * norm * candidateNorms[c] + bonus[c];
      scores[block[q]] = -Infinity;
      lists.push(topK(scores, count));
    }
  }
  return lists;
}

/** Squares below this are of rows that count as zero: what they lose in float32 would show in their cosines. */
const LEAST_SQUARE = 2 ** -100;

/**
 * 1 / norm of each row, `[N]`; 0 for a zero row, whose cosines are then 0. A norm below 2^-50 counts as zero.
 *
 * @throws InvalidInputError for a norm whose square float32 does not hold (from 1.8e19): its cosines would be NaN, and equal to none.
 */
export function inverseNorms(rows: ResidentRows): Float64Array {
  const squared = new Float32Array(rows.count);
  rows.squaredNorms(squared);
  const beyond = squared.indexOf(Number.POSITIVE_INFINITY);
  if (beyond >= 0) throw refusalFor("cosines")("rows of norms below 1.8e19", `a larger one at row ${beyond}`);
  return Float64Array.from(squared, (square) => (square >= LEAST_SQUARE ? 1 / Math.sqrt(square) : 0));
}
