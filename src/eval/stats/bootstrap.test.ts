import { describe, expect, it } from "vitest";
import { mean, randomSource } from "../../math/index.js";
import { clusterSums, drawClusters, drawnSum, percentileInterval } from "./bootstrap.js";

describe("drawClusters", () => {
  it("draws as many clusters of each stratum as there are", () => {
    for (const [a, b] of drawClusters([3, 7], { resamples: 20, seed: 4 })) {
      expect(a.reduce((x, y) => x + y)).toBe(3);
      expect(b.reduce((x, y) => x + y)).toBe(7);
    }
  });

  it("is the same for the same seed, and another for another", () => {
    const all = (seed: number) => Array.from(drawClusters([50], { resamples: 3, seed }), ([counts]) => [...counts]);
    expect(all(1)).toEqual(all(1));
    expect(all(1)).not.toEqual(all(2));
  });

  it("draws each cluster once on average", () => {
    const total = new Float64Array(4);
    for (const [counts] of drawClusters([4], { resamples: 4000 })) for (let i = 0; i < 4; i++) total[i] += counts[i];
    // Four standard errors of 4000 multinomial counts of variance 3/4.
    for (const count of total) expect(Math.abs(count / 4000 - 1)).toBeLessThan(4 * Math.sqrt(0.75 / 4000));
  });

  it("refuses empty strata", () => {
    expect(() => [...drawClusters([])]).toThrow("at least one stratum");
    expect(() => [...drawClusters([2, 0])]).toThrow("got [2, 0]");
  });
});

it("sums by cluster, and counts a cluster as often as it was drawn", () => {
  const sums = clusterSums([1, 2, 3, 4], [0, 1, 0, 2], 3);
  expect([...sums]).toEqual([4, 2, 4]);
  expect(drawnSum(Uint32Array.of(2, 0, 1), sums)).toBe(12);
});

describe("percentileInterval", () => {
  it("cuts 2.5 % off each end", () => {
    const values = Float64Array.from({ length: 1001 }, (_, i) => 1000 - i);
    const { low, high } = percentileInterval(values, 500) ?? { low: Number.NaN, high: Number.NaN };
    expect([low, high].map((end) => Number(end.toFixed(9)))).toEqual([25, 975]);
  });

  it("is undefined where a resample has no value", () => {
    expect(percentileInterval(Float64Array.of(1, Number.NaN), 1)).toBeUndefined();
    expect(percentileInterval(Float64Array.of(), 1)).toBeUndefined();
    expect(percentileInterval(Float64Array.of(1), undefined)).toBeUndefined();
  });

  it("reaches to the estimate where that lies outside", () => {
    expect(percentileInterval(Float64Array.of(2, 2), 1)).toEqual({ low: 1, high: 2 });
    expect(percentileInterval(Float64Array.of(2, 2), 3)).toEqual({ low: 2, high: 3 });
  });
});

describe("coverage", () => {
  /** Shares of repetitions whose 95 % interval holds the truth 0.5: by clusters, and by single values as if independent. */
  function coverage(clusters: number, perCluster: number, repetitions: number): { clustered: number; naive: number } {
    const random = randomSource(11);
    let [clustered, naive] = [0, 0];
    for (let r = 0; r < repetitions; r++) {
      // All values of a cluster are equal: the strongest dependence there is.
      const values = Array.from({ length: clusters }, () => random.below(2)).flatMap((v) =>
        Array<number>(perCluster).fill(v),
      );
      const ownCluster = values.map((_, i) => Math.floor(i / perCluster));
      const holds = (ids: readonly number[], count: number) => {
        const sums = clusterSums(values, ids, count);
        const draws = drawClusters([count], { resamples: 400, seed: r });
        const means = Float64Array.from(draws, ([counts]) => drawnSum(counts, sums) / values.length);
        const interval = percentileInterval(means, mean(values));
        return interval !== undefined && interval.low <= 0.5 && 0.5 <= interval.high;
      };
      if (holds(ownCluster, clusters)) clustered++;
      if (holds([...values.keys()], values.length)) naive++;
    }
    return { clustered: clustered / repetitions, naive: naive / repetitions };
  }

  it("is about 95 % over clusters, and far less if dependent values are drawn one by one", () => {
    const { clustered, naive } = coverage(60, 6, 300);
    // 300 repetitions: three standard errors are 3.8 points.
    expect(clustered).toBeGreaterThan(0.91);
    expect(clustered).toBeLessThan(0.99);
    expect(naive).toBeLessThan(0.75);
  });
});
