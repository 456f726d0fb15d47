import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flips, mcnemarExact } from "./mcnemar.js";

const p = (rightToWrong: number, wrongToRight: number) => mcnemarExact({ rightToWrong, wrongToRight });

describe("mcnemarExact", () => {
  it.each([
    // Twice the tail of the binomial with share 1/2, as fractions: 2 / 32, 22 / 1024, 112 / 1024.
    [0, 5, 0.0625],
    [1, 9, 0.021484375],
    [2, 8, 0.109375],
    [6, 16, 0.052478790283203125],
    // Agresti, Categorical Data Analysis, approval of the prime minister; exact value by rational arithmetic.
    [86, 150, 3.715936139571442e-5],
    [1000, 1200, 2.1817026407914712e-5],
  ])("of %i and %i flips is %f", (b, c, expected) => {
    expect(p(b, c) / expected).toBeCloseTo(1, 9);
    expect(p(c, b)).toBe(p(b, c));
  });

  it("is 1 without flips, with as many both ways, and with one", () => {
    expect([p(0, 0), p(10, 10), p(0, 1), p(3, 4)]).toEqual([1, 1, 1, 1]);
  });

  it("falls when flips become more one-sided, and stays between 0 and 1", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 400 }), (fewer, more) => {
        const pairs = 2 * fewer + more;
        const [even, uneven] = [p(fewer, pairs - fewer), p(fewer - 1, pairs - fewer + 1)];
        expect(uneven).toBeGreaterThanOrEqual(0);
        expect(uneven).toBeLessThanOrEqual(even);
        expect(even).toBeLessThanOrEqual(1);
      }),
    );
  });
});

it("an answer counts as right from a score of one half on", () => {
  expect(flips([1, 1, 0.5, 0.3, 0, 0.6], [1, 0, 0.4, 0.5, 0, 1])).toEqual({
    rightToWrong: 2,
    wrongToRight: 1,
    samples: 6,
  });
});
