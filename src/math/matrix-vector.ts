/**
 * @file Matrix times vector in float32, in the order of additions of a GotoBLAS-style sgemm (OpenBLAS on x86-64 servers). The
 * columns are cut into blocks, whose sums are added up. Within a block, fused multiply-adds go from the first column on.
 *
 * The reference runs of the released code were made with such a library. So scores are theirs nearly to the bit (3e-8 of the
 * largest). A more exact sum would differ by 2e-6, and so would outlier counts.
 */
import type { Matrix } from "./kernels.js";

/** Depth of a block: OpenBLAS's SGEMM_DEFAULT_Q for its AVX-512 kernels (param.h). */
const DEPTH = 320;

/** The last two blocks are halves, rounded up to whole register tiles: its SGEMM_DEFAULT_UNROLL_M. */
const TILE = 16;

/** Widths of the blocks that `columns` columns are cut into (level3.c): full ones, then two halves of what is left. */
export function blockWidths(columns: number): number[] {
  const widths: number[] = [];
  for (let left = columns; left > 0; left -= widths[widths.length - 1]) {
    if (left >= 2 * DEPTH) widths.push(DEPTH);
    else if (left > DEPTH) widths.push(Math.ceil(left / 2 / TILE) * TILE);
    else widths.push(left);
  }
  return widths;
}

/**
 * `out[i] = row i · vector`, `[count]`. A product of float32 values is exact in double precision. So the double sum, rounded once,
 * stands for the fused multiply-add; they differ in one of some 2^29 sums.
 */
export function matrixTimesVector(matrix: Matrix, vector: Float32Array): Float32Array {
  const { count, dim } = matrix;
  // Room for whole groups of six rows.
  const out = new Float32Array(Math.ceil(count / 6) * 6);
  const widths = blockWidths(dim);
  for (let row = 0; row < count; row += 6) sixRows(matrix, row, vector, widths, out);
  return out.slice(0, count);
}

/** Six rows side by side, so that no addition waits for the one before it. The last row stands for those beyond it. */
function sixRows(matrix: Matrix, row: number, vector: Float32Array, widths: readonly number[], out: Float32Array) {
  const { data, count, dim } = matrix;
  const start = (i: number) => Math.min(row + i, count - 1) * dim;
  const [row0, row1, row2, row3, row4, row5] = [start(0), start(1), start(2), start(3), start(4), start(5)];
  let from = 0;
  for (const width of widths) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let s4 = 0;
    let s5 = 0;
    const end = from + width;
    for (let c = from; c < end; c++) {
      const v = vector[c];
      s0 = Math.fround(s0 + data[row0 + c] * v);
      s1 = Math.fround(s1 + data[row1 + c] * v);
      s2 = Math.fround(s2 + data[row2 + c] * v);
      s3 = Math.fround(s3 + data[row3 + c] * v);
      s4 = Math.fround(s4 + data[row4 + c] * v);
      s5 = Math.fround(s5 + data[row5 + c] * v);
    }
    // A float32 array rounds what is stored.
    out[row] += s0;
    out[row + 1] += s1;
    out[row + 2] += s2;
    out[row + 3] += s3;
    out[row + 4] += s4;
    out[row + 5] += s5;
    from = end;
  }
}
