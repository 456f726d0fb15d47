/** @file Matrices and their row kernels: dot products and weighted sums, as interfaces and as plain loops. */
import { dotFloat32 } from "./dot.js";

/** A row-major float32 matrix `[count, dim]`, one row per token. The kernels trust its length. */
export interface Matrix {
  /** `[count, dim]`, row-major. */
  readonly data: Float32Array;
  /** Number of rows. */
  readonly count: number;
  /** Width of a row. */
  readonly dim: number;
}

/** New matrix of the given rows, in the given order. */
export function takeRows(matrix: Matrix, rows: ArrayLike<number>): Matrix {
  const { data, dim } = matrix;
  const out = new Float32Array(rows.length * dim);
  for (let i = 0; i < rows.length; i++) {
    out.set(data.subarray(rows[i] * dim, (rows[i] + 1) * dim), i * dim);
  }
  return { data: out, count: rows.length, dim };
}

/**
 * A matrix made ready for many dot products between its rows.
 *
 * Every result is the float32 value of one fixed order of additions (see `dotFloat32`). So all implementations agree bit for bit,
 * and a choice made from them is the same on every engine.
 */
export interface ResidentRows {
  /** Number of rows. */
  readonly count: number;
  /** Width of a row. */
  readonly dim: number;
  /** `out[i] = row i · row i`, `[count]`. */
  squaredNorms(out: Float32Array): void;
  /**
   * Narrower rows: `out[i * bins + b] = Σ signs[c] · row i[c]` over the channels c = b, b + bins, b + 2 · bins, … in order, each sum rounded to
   * float32. `[count, bins]`.
   *
   * @param signs of the channels, 1 or -1, `[dim]`.
   * @param bins a multiple of 4, at most `FOLD_BINS`.
   */
  fold(signs: Float32Array, bins: number, out: Float32Array): void;
  /** `out[r * columns.length + c] = row rows[r] · row columns[c]`, `[rows.length, columns.length]`. */
  dots(rows: ArrayLike<number>, columns: ArrayLike<number>, out: Float32Array): void;
  /** `out[i * count + j] = row i · row j`, `[count, count]`, symmetric to the bit. */
  gram(out: Float32Array): void;
  /** `out = Σ weights[e] · row rows[e]`, `[dim]`, in double precision, entry after entry, rounded to float32 once. */
  weightedSum(rows: Uint32Array, weights: Float32Array, out: Float32Array): void;
}

/** An implementation of the row kernels. All of them return the same bits; they differ in speed. */
export interface Kernels {
  readonly id: "plain" | "simd";
  /** Makes `matrix` ready for `use`, and returns what that returns; a resident copy is valid only during the call. */
  withRows<T>(matrix: Matrix, use: (rows: ResidentRows) => T): T;
}

/** The reference implementation: plain loops, on every engine. */
export const plainKernels: Kernels = {
  id: "plain",
  withRows(matrix, use) {
    const { data, count, dim } = matrix;
    const rowDot = (i: number, j: number) => dotFloat32(data, i * dim, data, j * dim, dim);
    return use({
      count,
      dim,
      squaredNorms(out) {
        for (let i = 0; i < count; i++) out[i] = rowDot(i, i);
      },
      fold(signs, bins, out) {
        for (let i = 0; i < count; i++) foldRow(data.subarray(i * dim, (i + 1) * dim), signs, bins, out, i * bins);
      },
      dots(rows, columns, out) {
        for (let r = 0; r < rows.length; r++) {
          for (let c = 0; c < columns.length; c++) out[r * columns.length + c] = rowDot(rows[r], columns[c]);
        }
      },
      gram(out) {
        for (let i = 0; i < count; i++) {
          for (let j = i; j < count; j++) {
            const value = rowDot(i, j);
            out[i * count + j] = value;
            out[j * count + i] = value;
          }
        }
      },
      weightedSum: (rows, weights, out) => weightedSum(matrix, rows, weights, out),
    });
  },
};

/** Most bins of a fold: the results of a few dozen rows fit where the SIMD kernels put results. */
export const FOLD_BINS = 1024;

function foldRow(row: Float32Array, signs: Float32Array, bins: number, out: Float32Array, at: number): void {
  for (let bin = 0; bin < bins; bin++) {
    let sum = 0;
    for (let c = bin; c < row.length; c += bins) sum = Math.fround(sum + signs[c] * row[c]);
    out[at + bin] = sum;
  }
}

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
