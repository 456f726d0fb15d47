import { expect, it } from "vitest";
import { plainKernels } from "./kernels.js";

const matrix = { data: Float32Array.of(1, 2, 0, 3, -1, 4), count: 3, dim: 2 };

it("lays norms, dots and the Gram matrix out row by row", () => {
  const returned = plainKernels.withRows(matrix, (rows) => {
    const norms = new Float32Array(3);
    rows.squaredNorms(norms);
    expect(Array.from(norms)).toEqual([5, 9, 17]);
    const dots = new Float32Array(6);
    rows.dots([2, 0], [1, 0, 1], dots);
    expect(Array.from(dots)).toEqual([12, 7, 12, 6, 5, 6]);
    const gram = new Float32Array(9);
    rows.gram(gram);
    expect(Array.from(gram)).toEqual([5, 6, 7, 6, 9, 12, 7, 12, 17]);
    return rows.count * 10 + rows.dim;
  });
  expect(returned).toBe(32);
});

it("leaves everything as it is for no rows or no columns", () => {
  plainKernels.withRows(matrix, (rows) => {
    const out = Float32Array.of(7);
    rows.dots([], [0, 1], out);
    rows.dots([0, 1], [], out);
    expect(Array.from(out)).toEqual([7]);
  });
});
