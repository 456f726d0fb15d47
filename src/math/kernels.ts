/** @file Row kernels as interfaces: dot products and weighted sums of a matrix's rows. */
import type { Matrix } from "./matrix.js";

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
  /** `out[r * columns.length + c] = row rows[r] · row columns[c]`, `[rows.length, columns.length]`. */
  dots(rows: ArrayLike<number>, columns: ArrayLike<number>, out: Float32Array): void;
  /** `out[i * count + j] = row i · row j`, `[count, count]`, symmetric to the bit. */
  gram(out: Float32Array): void;
  /**
   * `out = Σ weights[e] · row rows[e]`, `[dim]`, summed in double precision, entry after entry, and rounded to float32 once.
   */
  weightedSum(rows: Uint32Array, weights: Float32Array, out: Float32Array): void;
}

/** An implementation of the row kernels. All of them return the same bits; they differ in speed. */
export interface Kernels {
  readonly id: "plain" | "simd";
  /**
   * Makes `matrix` ready and hands it to `use`; the resident copy, if any, is valid only during the call.
   * Returns what `use` returns.
   */
  withRows<T>(matrix: Matrix, use: (rows: ResidentRows) => T): T;
}
