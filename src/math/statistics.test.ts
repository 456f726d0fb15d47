import { describe, expect, it } from "vitest";
import { meanOrNull, median, quantile, spread, upperOutliers } from "./statistics.js";

describe("quantile", () => {
  it("is linear between neighbors, as NumPy's default", () => {
    const sorted = [1, 2, 4, 8, 16];
    expect(quantile(sorted, 0.05)).toBeCloseTo(1.2, 12);
    expect(quantile(sorted, 0.25)).toBe(2);
    expect(quantile(sorted, 0.6)).toBeCloseTo(5.6, 12);
    expect(quantile(sorted, 0.95)).toBeCloseTo(14.4, 12);
    expect([quantile(sorted, 0), quantile(sorted, 1)]).toEqual([1, 16]);
  });

  it("of one value is that value, of none NaN", () => {
    expect(quantile([7], 0.3)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

it("the median sorts by value, not as text", () => {
  expect(median([10, 9, 100])).toBe(10);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

it("a spread has mean, middle, tails and ends; none of an empty list", () => {
  const counts = Array.from({ length: 101 }, (_, i) => 100 - i);
  expect(spread(counts)).toEqual({ mean: 50, median: 50, p5: 5, p95: 95, min: 0, max: 100 });
  expect(spread([])).toBeUndefined();
});

it("a mean of nothing is null", () => {
  expect([meanOrNull([]), meanOrNull([1, 2])]).toEqual([null, 1.5]);
});

it("counts what lies above Tukey's upper fence, strictly", () => {
  // Quartiles 2 and 4: the fence is 7.
  expect(upperOutliers(Float32Array.of(1, 2, 3, 4, 7))).toBe(0);
  expect(upperOutliers(Float32Array.of(7.5, 4, 3, 2, 1))).toBe(1);
});
