import { describe, expect, it } from "vitest";
import { blockWidths, matrixTimesVector } from "./matrix-vector.js";

describe("blockWidths", () => {
  it.each([
    [1, [1]],
    [320, [320]],
    [321, [176, 145]],
    [639, [320, 319]],
    [640, [320, 320]],
    [768, [320, 224, 224]],
    [1024, [320, 320, 192, 192]],
    [4096, [320, 320, 320, 320, 320, 320, 320, 320, 320, 320, 320, 288, 288]],
  ])("cuts %i columns as OpenBLAS does", (columns, widths) => {
    expect(blockWidths(columns)).toEqual(widths);
  });
});

describe("matrixTimesVector", () => {
  it("rounds after every multiply-add, from the first column on", () => {
    // 2^24 + 1 is not a float32: each 1 is lost on its own, and the sum after it counts.
    const matrix = { data: Float32Array.of(2 ** 24, 1, 1, 2), count: 1, dim: 4 };
    expect(Array.from(matrixTimesVector(matrix, Float32Array.of(1, 1, 1, 1)))).toEqual([2 ** 24 + 2]);
  });

  it("does not round the product before it is added", () => {
    const x = 1 + 2 ** -12;
    const matrix = { data: Float32Array.of(-1, x), count: 1, dim: 2 };
    // x² = 1 + 2^-11 + 2^-24: the last term would be lost in float32.
    expect(matrixTimesVector(matrix, Float32Array.of(1, x))[0]).toBe(2 ** -11 + 2 ** -24);
  });

  it("starts a new sum in every block", () => {
    const row = Float32Array.from({ length: 640 }, (_, c) => (c === 0 ? 2 ** 24 : c >= 320 ? 1 : 0));
    expect(matrixTimesVector({ data: row, count: 1, dim: 640 }, new Float32Array(640).fill(1))[0]).toBe(2 ** 24 + 320);
  });

  it("gives every row the same value in a group of six as on its own", () => {
    const dim = 700;
    const data = Float32Array.from({ length: 7 * dim }, (_, i) => Math.sin(i * i));
    const vector = Float32Array.from({ length: dim }, (_, i) => Math.cos(i));
    const all = matrixTimesVector({ data, count: 7, dim }, vector);
    for (let row = 0; row < 7; row++) {
      const own = { data: data.subarray(row * dim, (row + 1) * dim), count: 1, dim };
      expect(matrixTimesVector(own, vector)[0]).toBe(all[row]);
    }
  });
});
