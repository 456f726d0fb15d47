/** @file Row kernels as plain loops. */
import { dotFloat32 } from "./dot-float32.js";
import type { Kernels } from "./kernels.js";
import { weightedSum } from "./weighted-sum.js";

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
