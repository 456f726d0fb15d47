import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../../core/index.js";
import { divergence, logShares, wholeShares } from "./first-token.js";

const kl = (whole: readonly number[], less: readonly number[]) => divergence(logShares(whole), logShares(less));

describe("KL of the first token", () => {
  it("by hand: half and half against three quarters and one", () => {
    const expected = 0.5 * Math.log(0.5 / 0.75) + 0.5 * Math.log(0.5 / 0.25);
    expect(kl([0, 0], [Math.log(3), 0])).toBeCloseTo(expected, 12);
    // Not symmetric: all tokens come first.
    expect(kl([Math.log(3), 0], [0, 0])).toBeCloseTo(0.75 * Math.log(1.5) + 0.25 * Math.log(0.5), 12);
  });

  it("is 0 for the same logits, whatever is added to all, and above 0 for others", () => {
    const logits = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(logits, fc.double({ min: -100, max: 100, noNaN: true }), fc.nat(), (own, more, at) => {
        const shifted = kl(
          own,
          own.map((each) => each + more),
        );
        expect(shifted).toBeGreaterThanOrEqual(0);
        expect(shifted).toBeLessThan(1e-12);
        const top = own.indexOf(Math.max(...own));
        expect(kl(own, own.with(top, own[top] - 1 - (at % 5)))).toBeGreaterThan(0);
      }),
    );
  });

  it("large logits neither overflow nor underflow", () => {
    expect(kl([1e5, 0], [1e5, 0])).toBe(0);
    expect(kl([1e5, 0], [0, 1e5])).toBe(1e5);
  });

  it("refuses logits that are no numbers, none at all, and another vocabulary", () => {
    for (const odd of [[Number.NaN, 1], [Infinity, 0], []]) expect(() => logShares(odd)).toThrow(InvalidInputError);
    expect(() => kl([0, 1], [0, 1, 2])).toThrow(InvalidInputError);
  });
});

describe("one sample's answer with all tokens", () => {
  const of = (...logits: number[]) => ({ firstLogits: Float32Array.from(logits) });

  it("is asked for once, and not where it is given now", async () => {
    let asked = 0;
    const again = async () => {
      asked++;
      return of(0, 0);
    };
    const resumed = wholeShares(again);
    expect(await resumed.divergenceOf(of(0, 0))).toBe(0);
    expect(await resumed.divergenceOf(of(1, 0))).toBeGreaterThan(0);
    expect(asked).toBe(1);
    const fresh = wholeShares(again);
    fresh.keep(of(3, 0));
    expect(await fresh.divergenceOf(of(3, 0))).toBe(0);
    expect(asked).toBe(1);
  });

  it("gives nothing where it failed, and refuses an engine that gave no logits", async () => {
    const failed = wholeShares(async () => undefined);
    expect(await failed.divergenceOf(of(0, 0))).toBeUndefined();
    failed.keep({});
    await expect(failed.divergenceOf(of(0, 0))).rejects.toThrow("finite logits of the answer's first token");
  });
});
