import fc from "fast-check";
import { expect, it } from "vitest";
import { shareInterval } from "./share.js";

const single = (hits: readonly number[]) => hits.map((hit) => ({ hits: hit, trials: 1 }));
const many = (hits: number, misses: number) => single([...Array(hits).fill(1), ...Array(misses).fill(0)]);

it("is Wilson's interval where each trial is a cluster", () => {
  // 81 of 263, as in Newcombe (1998), table I.
  const { low = 0, high = 0 } = shareInterval(many(81, 182)) ?? {};
  expect(low).toBeCloseTo(0.2553, 4);
  expect(high).toBeCloseTo(0.3662, 4);
});

it("says something where all trials are hits, or none is", () => {
  // 1 / (1 + z^2 / 10).
  expect(shareInterval(many(10, 0))).toEqual({ low: expect.closeTo(0.7225, 3), high: 1 });
  expect(shareInterval(many(0, 10))).toEqual({ low: 0, high: expect.closeTo(0.2775, 3) });
  expect(shareInterval([])).toBeUndefined();
});

it("equal answers about one picture count about once", () => {
  const width = (perPicture: number) => {
    const pictures = Array.from({ length: 120 / perPicture }, (_, i) => ({
      hits: i % 2 === 0 ? perPicture : 0,
      trials: perPicture,
    }));
    const { low = 0, high = 0 } = shareInterval(pictures) ?? {};
    return high - low;
  };
  expect(width(6) / width(1)).toBeGreaterThan(2);
  expect(width(6) / width(1)).toBeLessThan(3);
});

it("holds the share, between 0 and 1", () => {
  const cluster = fc
    .tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 }))
    .map(([hits, misses]) => ({ hits, trials: hits + misses }));
  fc.assert(
    fc.property(fc.array(cluster, { maxLength: 20 }), (clusters) => {
      const trials = clusters.reduce((sum, own) => sum + own.trials, 0);
      const interval = shareInterval(clusters);
      if (trials === 0) return interval === undefined;
      const share = clusters.reduce((sum, { hits }) => sum + hits, 0) / trials;
      const { low = 1, high = 0 } = interval ?? {};
      return low <= share && share <= high && low >= 0 && high <= 1;
    }),
  );
});
