import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Kernels, type Matrix, plainKernels } from "../kernels.js";
import { randomSource } from "../random.js";
import { createSimdKernels } from "./simd-kernels.js";

/** Everything the kernels give for a matrix, as bits. */
function results(kernels: Kernels, matrix: Matrix, rows: number[], columns: number[]): Uint32Array[] {
  return kernels.withRows(matrix, (resident) => {
    const norms = new Float32Array(matrix.count);
    const dots = new Float32Array(rows.length * columns.length);
    const gram = new Float32Array(matrix.count ** 2);
    resident.squaredNorms(norms);
    resident.dots(rows, columns, dots);
    resident.gram(gram);
    const signs = Float32Array.from({ length: matrix.dim }, (_, channel) => (channel % 3 === 1 ? -1 : 1));
    const folds = [4, 8, 256].map((bins) => {
      const out = new Float32Array(matrix.count * bins);
      resident.fold(signs, bins, out);
      return out;
    });
    const sum = new Float32Array(matrix.dim);
    resident.weightedSum(
      Uint32Array.from(columns),
      Float32Array.from(columns, (_, i) => 1 / (i + 1) - 0.2),
      sum,
    );
    return [norms, dots, gram, sum, ...folds].map((values) => new Uint32Array(values.buffer));
  });
}

function randomMatrix(count: number, dim: number, seed = 1): Matrix {
  const random = randomSource(seed);
  return { data: Float32Array.from({ length: count * dim }, () => 2 * random.unit() - 1), count, dim };
}

function simd(options?: Parameters<typeof createSimdKernels>[0]): Kernels {
  const kernels = createSimdKernels(options);
  if (kernels === undefined) throw new Error("expected an engine with WebAssembly SIMD");
  return kernels;
}

describe("SIMD kernels", () => {
  it("equal the plain loops bit for bit at every width from 1 to 40, and around 1024", () => {
    const kernels = simd();
    for (const dim of [...Array(40).keys()].map((i) => i + 1).concat([64, 1023, 1024, 1025])) {
      const matrix = randomMatrix(7, dim, dim);
      const [rows, columns] = [
        [6, 0, 3],
        [1, 1, 2, 6, 5, 0, 4, 3, 2],
      ];
      expect(results(kernels, matrix, rows, columns)).toEqual(results(plainKernels, matrix, rows, columns));
    }
  });

  it("equal the plain loops on zeros, denormals, huge and tiny values and any lists of rows", () => {
    const kernels = simd();
    const value = fc.oneof(
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(0, -0, 1e-45, -1e-40, 3e38, 1e-20),
    );
    const shape = fc.record({ count: fc.integer({ min: 1, max: 9 }), dim: fc.integer({ min: 1, max: 11 }) });
    const input = shape.chain(({ count, dim }) =>
      fc.record({
        matrix: fc
          .array(value, { minLength: count * dim, maxLength: count * dim })
          .map((list) => ({ data: Float32Array.from(list), count, dim })),
        rows: fc.array(fc.integer({ min: 0, max: count - 1 }), { maxLength: 6 }),
        columns: fc.array(fc.integer({ min: 0, max: count - 1 }), { maxLength: 14 }),
      }),
    );
    fc.assert(
      fc.property(input, ({ matrix, rows, columns }) => {
        const values = (of: Kernels) => results(of, matrix, rows, columns).map((bits) => new Float32Array(bits.buffer));
        // toEqual tells 0 from -0 and takes NaN (inf - inf) as equal whatever its payload.
        expect(values(kernels)).toEqual(values(plainKernels));
      }),
      { numRuns: 200 },
    );
  });

  it("give a Gram matrix that is symmetric to the bit, over several blocks", () => {
    const matrix = randomMatrix(75, 20);
    const gram = new Float32Array(75 * 75);
    simd().withRows(matrix, (rows) => rows.gram(gram));
    for (let i = 0; i < 75; i++) for (let j = 0; j < i; j++) expect(gram[i * 75 + j]).toBe(gram[j * 75 + i]);
    const plain = new Float32Array(75 * 75);
    plainKernels.withRows(matrix, (rows) => rows.gram(plain));
    expect(gram).toEqual(plain);
  });

  it("are within float32 rounding of the double-precision sum", () => {
    const matrix = randomMatrix(6, 1024);
    const gram = new Float32Array(36);
    simd().withRows(matrix, (rows) => rows.gram(gram));
    for (let i = 0; i < 6; i++) {
      for (let j = 0; j < 6; j++) {
        let exact = 0;
        for (let c = 0; c < 1024; c++) exact += matrix.data[i * 1024 + c] * matrix.data[j * 1024 + c];
        // 256 additions a lane: at most 256 · 2^-24 of the sum of magnitudes, some 340 for these values; in practice far less.
        expect(Math.abs(gram[i * 6 + j] - exact)).toBeLessThan(256 * 2 ** -24 * 340);
      }
    }
  });

  it("give equal rows equal values, so that ties stay ties", () => {
    const { data } = randomMatrix(2, 37);
    const twice = Float32Array.from([...data.subarray(0, 37), ...data.subarray(0, 37), ...data.subarray(37)]);
    const dots = new Float32Array(3);
    simd().withRows({ data: twice, count: 3, dim: 37 }, (rows) => rows.dots([2], [0, 1, 2], dots));
    expect(dots[0]).toBe(dots[1]);
  });

  it("serve a call within a call", () => {
    const kernels = simd();
    const [outer, inner] = [randomMatrix(5, 8, 1), randomMatrix(9, 8, 2)];
    const expected = results(plainKernels, outer, [1, 2], [3, 4]);
    const got = kernels.withRows(outer, (rows) => {
      const innerResults = results(kernels, inner, [0], [8]);
      expect(innerResults).toEqual(results(plainKernels, inner, [0], [8]));
      const dots = new Float32Array(4);
      rows.dots([1, 2], [3, 4], dots);
      return new Uint32Array(dots.buffer);
    });
    expect(got).toEqual(expected[1]);
  });

  it("give the same bits when the matrix goes through in panels, down to a handful of rows", () => {
    const matrix = randomMatrix(150, 33);
    const rows = Array.from({ length: 70 }, (_, i) => (i * 7) % 150);
    const columns = Array.from({ length: 1100 }, (_, i) => (i * 11) % 150);
    const expected = results(plainKernels, matrix, rows, columns);
    for (const memoryBytes of [0, 4000, 30_000, 2 ** 20]) {
      const kernels = simd({ memoryBytes });
      for (let i = 0; i < 2; i++) expect(results(kernels, matrix, rows, columns)).toEqual(expected);
    }
  });

  it("go on after an error", () => {
    const matrix = randomMatrix(40, 33);
    const expected = results(plainKernels, matrix, [0, 39], [5, 6, 7]);
    const kernels = simd();
    const fail = () =>
      kernels.withRows(matrix, () => {
        throw new Error("from inside");
      });
    expect(fail).toThrow("from inside");
    expect(results(kernels, matrix, [0, 39], [5, 6, 7])).toEqual(expected);
  });

  it("take a smaller and wider matrix after a larger one without leftovers", () => {
    const kernels = simd();
    results(kernels, randomMatrix(50, 31), [0], [1]);
    const small = randomMatrix(3, 5);
    expect(results(kernels, small, [0, 1, 2], [2, 1])).toEqual(results(plainKernels, small, [0, 1, 2], [2, 1]));
  });
});
