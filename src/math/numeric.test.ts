import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dot } from "./dot.js";
import { takeRows } from "./kernels.js";
import { pairwiseSum } from "./pairwise-sum.js";
import { softmax } from "./softmax.js";
import { sortPositions } from "./sort-positions.js";

describe("dot", () => {
  it("sums whole groups of four and what is left, from the given starts", () => {
    for (let length = 0; length < 10; length++) {
      const a = Float32Array.from({ length: length + 2 }, (_, i) => i + 1);
      const b = Float32Array.from({ length: length + 1 }, (_, i) => 10 ** (i % 3));
      let sum = 0;
      for (let i = 0; i < length; i++) sum += a[i + 2] * b[i + 1];
      expect(dot(a, 2, b, 1, length)).toBe(sum);
    }
  });
});

describe("softmax", () => {
  it("sums to 1 and does not overflow", () => {
    const out = softmax([1000, 1001, -1e300]);
    expect(out[0] + out[1] + out[2]).toBeCloseTo(1, 6);
    expect(out[1] / out[0]).toBeCloseTo(Math.E, 5);
    expect(softmax([])).toEqual(new Float32Array(0));
    expect(softmax([Number.NaN, 1]).every(Number.isNaN)).toBe(true);
  });
});

describe("sortPositions", () => {
  it("equals a stable sort of any float32 values, negative, zero and denormal ones included", () => {
    const value = fc.oneof(fc.float({ noNaN: true }), fc.constantFrom(0, -0, 1e-45, -1e-45, 1));
    fc.assert(
      fc.property(fc.array(value), (list) => {
        const values = Float32Array.from(list);
        const sorted = list.map((_, i) => i).sort((a, b) => values[a] - values[b] || a - b);
        expect(Array.from(sortPositions(values))).toEqual(sorted);
      }),
    );
  });
});

describe("pairwiseSum", () => {
  it("adds with eight running sums, as numpy does", () => {
    // 1e8 + 1 is 1e8 in float32. Lanes: 1e8 meets 1 in lane 0 only, the other 1s survive: ((1e8) + 7 + 7) by lanes.
    const values = Float32Array.from({ length: 16 }, (_, i) => (i === 0 ? 1e8 : 1));
    expect(pairwiseSum(values, 0, 16)).toBe(Math.fround(Math.fround(1e8 + 2) + 4) + 8);
    expect(pairwiseSum(Float32Array.of(1e8, 1, 1, 1), 0, 4)).toBe(1e8);
  });

  it("is within float32 rounding of the exact sum at any length, from any start", () => {
    for (const length of [0, 1, 7, 8, 9, 20, 127, 128, 129, 300, 1000]) {
      const values = Float32Array.from({ length: length + 3 }, (_, i) => Math.sin(i));
      let exact = 0;
      for (let i = 3; i < length + 3; i++) exact += values[i];
      expect(Math.abs(pairwiseSum(values, 3, length) - exact)).toBeLessThan(1e-5);
    }
  });
});

describe("takeRows", () => {
  it("copies the named rows in the named order", () => {
    const matrix = { data: Float32Array.of(1, 2, 3, 4, 5, 6), count: 3, dim: 2 };
    expect(takeRows(matrix, [2, 0])).toEqual({ data: Float32Array.of(5, 6, 1, 2), count: 2, dim: 2 });
  });
});
