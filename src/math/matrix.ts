/** @file A float32 matrix, and some of its rows as a new one. */

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
