import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Kernels, type Matrix, plainKernels } from "../kernels.js";
import { randomSource } from "../random.js";
import { createSimdKernels } from "./simd-kernels.js";

/** Norms, all dot products and the Gram matrix. */
function results(kernels: Kernels, matrix: Matrix): Float32Array[] {
  return kernels.withRows(matrix, (rows) => {
    const ids = Array.from({ length: matrix.count }, (_, id) => id);
    const out = [
      new Float32Array(matrix.count),
      new Float32Array(matrix.count ** 2),
      new Float32Array(matrix.count ** 2),
    ];
    rows.squaredNorms(out[0]);
    rows.dots(ids, ids, out[1]);
    rows.gram(out[2]);
    return out;
  });
}

function randomRows(count: number, dim: number): Matrix {
  const random = randomSource(count * dim);
  return { data: Float32Array.from({ length: count * dim }, () => 2 * random.unit() - 1), count, dim };
}

function simd(options?: Parameters<typeof createSimdKernels>[0]): Kernels {
  const kernels = createSimdKernels(options);
  if (kernels === undefined) throw new Error("expected an engine with WebAssembly SIMD");
  return kernels;
}

describe("SIMD kernels", () => {
  it("treat infinities and NaN as the plain loops do, in blocks of every shape", () => {
    const kernels = simd();
    const value = fc.oneof(fc.float(), fc.constantFrom(Infinity, -Infinity, Number.NaN, 0, -0, 3e38, -3e38, 1e-45));
    const matrix = fc
      .record({ count: fc.integer({ min: 1, max: 10 }), dim: fc.integer({ min: 1, max: 6 }) })
      .chain(({ count, dim }) =>
        fc
          .array(value, { minLength: count * dim, maxLength: count * dim })
          .map((list) => ({ data: Float32Array.from(list), count, dim })),
      );
    fc.assert(
      // toEqual tells 0 from -0 and takes any two NaN as equal.
      fc.property(matrix, (rows) => {
        expect(results(kernels, rows)).toEqual(results(plainKernels, rows));
      }),
      { numRuns: 300 },
    );
  });

  it("give the same bits at every number of rows and columns, whole blocks or not", () => {
    const kernels = simd();
    for (let count = 0; count <= 18; count++) {
      const matrix = randomRows(count, 13);
      expect(results(kernels, matrix)).toEqual(results(plainKernels, matrix));
    }
  });

  it("agree with themselves: norms are the diagonal, the Gram matrix is all dot products", () => {
    const matrix = randomRows(70, 21);
    const [norms, dots, gram] = results(simd(), matrix);
    expect(gram).toEqual(dots);
    expect(norms).toEqual(Float32Array.from({ length: 70 }, (_, i) => gram[i * 71]));
  });

  it("give copies of a row the same value whatever block they fall into", () => {
    const [copy, ...others] = Array.from({ length: 4 }, (_, i) => Array.from(randomRows(i + 1, 37).data.subarray(-37)));
    // Copies at 0 to 10, at 12 and at 14: in whole blocks of columns, in the rest, in pairs of rows and alone.
    const list = Array.from({ length: 15 }, (_, i) => (i === 11 || i === 13 ? others[i % 3] : copy));
    const matrix = { data: Float32Array.from(list.flat()), count: 15, dim: 37 };
    const [norms, , gram] = results(simd(), matrix);
    const copies = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14];
    for (const i of copies) {
      for (const j of copies) expect(gram[i * 15 + j]).toBe(norms[0]);
      expect([gram[i * 15 + 11], gram[11 * 15 + i]]).toEqual([gram[11], gram[11]]);
      expect([gram[i * 15 + 13], gram[13 * 15 + i]]).toEqual([gram[13], gram[13]]);
    }
  });

  it("take lists longer than the matrix and rows in any order", () => {
    const matrix = randomRows(9, 6);
    const columns = Array.from({ length: 1100 }, (_, i) => (i * 5) % 9);
    const rows = Array.from({ length: 67 }, (_, i) => (i * 7 + 3) % 9);
    const run = (kernels: Kernels) =>
      kernels.withRows(matrix, (resident) => {
        const out = new Float32Array(rows.length * columns.length);
        resident.dots(rows, columns, out);
        return out;
      });
    expect(run(simd())).toEqual(run(plainKernels));
  });

  it("read the matrix as it is at the call, without leftovers of the one before", () => {
    const kernels = simd();
    const data = new Float32Array(12).fill(5);
    const before = results(kernels, { data, count: 4, dim: 3 });
    expect(before[0]).toEqual(new Float32Array(4).fill(75));
    data.fill(1);
    expect(results(kernels, { data, count: 4, dim: 3 })[0]).toEqual(new Float32Array(4).fill(3));
    expect(results(kernels, { data, count: 2, dim: 5 })[2]).toEqual(new Float32Array(4).fill(5));
  });
});
