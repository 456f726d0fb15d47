import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidInputError } from "./errors.js";
import { countOutliers, localOutlierFactor } from "./outliers.js";

/** The definition itself, with all n x n distances; ties by (exact distance, position). */
function bruteForce(scores: Float32Array, neighbors: number): number[] {
  const k = Math.max(1, Math.min(neighbors, scores.length - 1));
  const near = Array.from(scores, (score, i) =>
    Array.from(scores, (other, j) => ({ j, d: Math.abs(score - other) }))
      .filter(({ j }) => j !== i)
      .sort((a, b) => a.d - b.d || a.j - b.j)
      .slice(0, k),
  );
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const density = near.map((list) => 1 / (mean(list.map(({ j, d }) => Math.max(d, near[j][k - 1].d))) + 1e-10));
  return near.map((list, i) => mean(list.map(({ j }) => density[j] / density[i])));
}

describe("localOutlierFactor", () => {
  it("equals the definition on the example of its documentation", () => {
    const factors = localOutlierFactor(Float32Array.of(0, 1, 2, 3, 40), { neighbors: 2 });
    // By hand: the mean reach of 0, 1, 2 and 3 is 1.5 each, that of 40 is (37 + 38) / 2 = 37.5, and 37.5 / 1.5 = 25.
    expect(Array.from(factors, (factor) => Number(factor.toFixed(5)))).toEqual([1, 1, 1, 1, 25]);
  });

  it("equals the definition with all distances on random scores, ties included", () => {
    const score = fc.oneof(
      fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }),
      fc.integer({ min: -5, max: 5 }),
    );
    fc.assert(
      fc.property(
        fc.array(score, { minLength: 2, maxLength: 70 }),
        fc.integer({ min: 1, max: 25 }),
        (list, neighbors) => {
          const scores = Float32Array.from(list);
          const expected = bruteForce(scores, neighbors);
          localOutlierFactor(scores, { neighbors }).forEach((factor, i) => {
            // Float32 against double: reciprocals of the guard 1e-10 magnify nothing, so 1e-4 is generous and still tells ties.
            expect(Math.abs(factor - expected[i])).toBeLessThanOrEqual(1e-4 * Math.abs(expected[i]));
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it("gives equal scores equal factors and does not depend on the order of distinct scores", () => {
    const scores = Float32Array.of(5, 1, 1, 9, 1, 5, 2);
    const factors = localOutlierFactor(scores, { neighbors: 3 });
    expect(factors[1]).toBe(factors[2]);
    expect(factors[0]).toBe(factors[5]);
    const reversed = localOutlierFactor(Float32Array.of(0.1, 7, 3, -2, 11).toReversed(), { neighbors: 2 });
    expect(reversed.toReversed()).toEqual(localOutlierFactor(Float32Array.of(0.1, 7, 3, -2, 11), { neighbors: 2 }));
  });

  it("takes 0 and -0 as equal", () => {
    const factors = localOutlierFactor(Float32Array.of(0, -0, 1, 2, 3), { neighbors: 1 });
    expect(factors[0]).toBe(factors[1]);
  });

  it("takes more than n - 1 neighbors as n - 1", () => {
    const scores = Float32Array.of(1, 4, 9, 16);
    expect(localOutlierFactor(scores, { neighbors: 99 })).toEqual(localOutlierFactor(scores, { neighbors: 3 }));
  });

  it("finds nothing odd in constant scores, however many", () => {
    expect(new Set(localOutlierFactor(new Float32Array(50_000).fill(0.25)))).toEqual(new Set([1]));
  });

  it.each([
    ["no score", new Float32Array(0), 20],
    ["one score", Float32Array.of(1), 20],
    ["NaN", Float32Array.of(1, Number.NaN), 20],
    ["infinity", Float32Array.of(1, Infinity), 20],
    ["no neighbor", Float32Array.of(1, 2), 0],
    ["half a neighbor", Float32Array.of(1, 2), 1.5],
  ])("refuses %s", (_, scores, neighbors) => {
    expect(() => localOutlierFactor(scores, { neighbors })).toThrow(InvalidInputError);
  });
});

describe("countOutliers", () => {
  const scores = Float32Array.of(-50, 0, 1, 2, 3, 60);
  const factors = Float32Array.of(9, 1, 1, 1.5, 1, 9);

  it("counts factors above 1.5, strictly", () => {
    expect(countOutliers(scores, factors, "both")).toBe(2);
  });

  it("counts only scores above the median on the high side", () => {
    expect(countOutliers(scores, factors, "high")).toBe(1);
  });
});
