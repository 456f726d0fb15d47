import { describe, expect, it } from "vitest";
import { dotFloat32 } from "./dot.js";
import { randomSource } from "./random.js";

const ones = (length: number) => new Float32Array(length).fill(1);

/** 2^24, after which a float32 sum does not see a single 1 but does see a 2. */
const LARGE = 2 ** 24;

/** The sum of `values` as a dot product with ones. */
const sum = (...values: number[]) => dotFloat32(Float32Array.from(values), 0, ones(values.length), 0, values.length);

describe("dotFloat32", () => {
  it("adds positions four apart to one another first", () => {
    // 1 and 1 meet in lane 1 before LARGE does: eight lanes would keep them apart and lose both.
    expect(sum(LARGE, 1, 0, 0, 0, 1, 0, 0)).toBe(LARGE + 2);
    // Here each 1 meets LARGE alone, in lane 0.
    expect(sum(LARGE, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)).toBe(LARGE);
  });

  it("adds lane 0 to lane 1, lane 2 to lane 3, then the two sums", () => {
    expect(sum(LARGE, 1, 1, 0)).toBe(LARGE);
    expect(sum(LARGE, 0, 1, 1)).toBe(LARGE + 2);
    expect(sum(1, LARGE, 0, 1)).toBe(LARGE);
    expect(sum(1, 1, 0, LARGE)).toBe(LARGE + 2);
  });

  it("gives what is left of a length its own lanes", () => {
    expect(sum(LARGE, 1, 0, 0, 0, 1)).toBe(LARGE + 2);
    expect(sum(LARGE, 0, 1, 0, 1, 0, 1)).toBe(LARGE + 2);
    expect(sum(LARGE, 0, 1, 1, 1)).toBe(LARGE + 2);
  });

  it("rounds each product before it is added, in every lane, in whole groups and in what is left", () => {
    // x² = 1 + 2^-11 + 2^-24; a fused multiply-add would keep the last term.
    const x = 1 + 2 ** -12;
    for (const [position, length] of [4, 5, 6, 7].flatMap((at) => [
      [at, at + 1],
      [at, 8],
    ])) {
      const a = new Float32Array(length);
      const b = new Float32Array(length);
      [a[position - 4], b[position - 4], a[position], b[position]] = [-1, 1, x, x];
      expect(dotFloat32(a, 0, b, 0, length)).toBe(2 ** -11);
    }
  });

  it("reads from the given starts, the given length only", () => {
    const a = Float32Array.of(100, 1, 2, 3, 4, 5, 100);
    const b = Float32Array.of(100, 100, 1, 10, 100, 1000, 10000, 100);
    expect(dotFloat32(a, 1, b, 2, 5)).toBe(54321);
    expect(dotFloat32(a, 1, b, 2, 3)).toBe(321);
    expect(dotFloat32(a, 1, b, 2, 0)).toBe(0);
  });

  it("gives +0 for products that are all -0, since every lane starts from +0", () => {
    for (let length = 1; length < 9; length++) {
      expect(dotFloat32(new Float32Array(length).fill(-0), 0, ones(length), 0, length)).toBe(0);
    }
  });

  it("stays within (length / 4 + 3) · 2^-24 of the magnitudes' sum", () => {
    const random = randomSource(7);
    for (const length of [1, 5, 64, 577, 1024, 4096]) {
      const a = Float32Array.from({ length }, () => 2 * random.unit() - 1);
      const b = Float32Array.from({ length }, () => 2 * random.unit() - 1);
      for (const other of [a, b]) {
        let exact = 0;
        let magnitudes = 0;
        for (let i = 0; i < length; i++) {
          exact += a[i] * other[i];
          magnitudes += Math.abs(a[i] * other[i]);
        }
        const error = Math.abs(dotFloat32(a, 0, other, 0, length) - exact);
        expect(error).toBeLessThanOrEqual((length / 4 + 3) * 2 ** -24 * magnitudes);
      }
    }
  });
});
