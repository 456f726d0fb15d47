import { refusalFor } from "../../core/index.js";
import type { ResidentRows } from "../../math/index.js";
import { inverseNorms } from "./nearest-rows.js";

/** Cosines between all tokens. A zero row is similar to nothing, itself included. */
export interface Cosines {
  readonly count: number;
  /** Cosines of token i with all, `[N]`, its own included; not to be written to. */
  row(i: number): Float32Array;
  /** Calls `visit` once per token i with its cosines to the later tokens i + 1, …, N - 1; the array is used again. */
  eachPair(visit: (i: number, later: Float32Array) => void): void;
}

/** Rows of cosines that are computed together. */
const BLOCK = 32;

/** Cosines computed when asked for, in O(N) memory. */
export function openCosines(rows: ResidentRows): Cosines {
  const { count } = rows;
  const norms = inverseNorms(rows);
  const all = Uint32Array.from({ length: count }, (_, id) => id);
  return {
    count,
    row(i) {
      const out = new Float32Array(count);
      rows.dots([i], all, out);
      return scale(out, norms, i, 0);
    },
    eachPair(visit) {
      const dots = new Float32Array(BLOCK * count);
      for (let start = 0; start < count; start += BLOCK) {
        const block = all.subarray(start, start + BLOCK);
        const width = count - start;
        rows.dots(block, all.subarray(start), dots);
        for (let b = 0; b < block.length; b++) {
          visit(start + b, scale(dots.subarray(b * width + b + 1, (b + 1) * width), norms, start + b, start + b + 1));
        }
      }
    },
  };
}

/** Cosines computed once and kept, in 4 N² bytes: for methods that need all pairs and then many rows. */
export function storedCosines(rows: ResidentRows): Cosines {
  const { count } = rows;
  const matrix = cosineMatrix(rows);
  return {
    count,
    row: (i) => matrix.subarray(i * count, (i + 1) * count),
    eachPair(visit) {
      for (let i = 0; i < count; i++) visit(i, matrix.subarray(i * count + i + 1, (i + 1) * count));
    },
  };
}

/** All cosines, `[N, N]`, symmetric. */
export function cosineMatrix(rows: ResidentRows): Float32Array {
  const { count } = rows;
  const matrix = new Float32Array(count * count);
  rows.gram(matrix);
  const norms = inverseNorms(rows);
  for (let i = 0; i < count; i++) scale(matrix.subarray(i * count, (i + 1) * count), norms, i, 0);
  return matrix;
}

/** Dot products of row i with rows first, first + 1, … turned into cosines, in place. */
function scale(dots: Float32Array, norms: Float64Array, i: number, first: number): Float32Array {
  const own = norms[i];
  for (let c = 0; c < dots.length; c++) dots[c] *= own * norms[first + c];
  return dots;
}

/** Most tokens for which a method may ask for an N x N matrix: 1 GiB. */
const MATRIX_TOKENS = 16_384;

/** Throws where a method that needs all pairs at once would take more memory than a program should give it. */
export function assertMatrixFits(method: string, count: number): void {
  if (count <= MATRIX_TOKENS) return;
  throw refusalFor(method)(`at most ${MATRIX_TOKENS} tokens (it needs N x N cosines)`, count);
}
