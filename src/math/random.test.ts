import { describe, expect, it } from "vitest";
import { randomSource, xoshiro128 } from "./random.js";

describe("xoshiro128", () => {
  it("gives the published sequence for the state 1, 2, 3, 4", () => {
    const random = xoshiro128([1, 2, 3, 4]);
    expect(Array.from({ length: 10 }, () => random.uint32())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });
});

describe("randomSource", () => {
  it("repeats for the same seed and differs for a neighboring one", () => {
    const draw = (seed: number) => {
      const random = randomSource(seed);
      return Array.from({ length: 8 }, () => random.uint32());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7).filter((value, i) => value === draw(8)[i])).toEqual([]);
    expect(draw(0)).not.toEqual(draw(2 ** 32 - 1));
  });

  it("draws each of 6 faces about equally often", () => {
    const random = randomSource(1);
    const faces = new Uint32Array(6);
    for (let i = 0; i < 60000; i++) faces[random.below(6)]++;
    // Standard deviation of a face is 91; six of them.
    for (const face of faces) expect(Math.abs(face - 10000)).toBeLessThan(550);
  });

  it("draws below 1 only 0, and below 2^32 anything", () => {
    const random = randomSource(3);
    expect(Array.from({ length: 5 }, () => random.below(1))).toEqual([0, 0, 0, 0, 0]);
    const wide = Array.from({ length: 50 }, () => random.below(2 ** 32));
    expect(wide.some((value) => value >= 2 ** 31)).toBe(true);
  });

  it("draws again instead of favoring low results: below 3 · 2^30, the first quarter is no likelier than others", () => {
    const random = randomSource(5);
    let low = 0;
    for (let i = 0; i < 3000; i++) if (random.below(3 * 2 ** 30) < 2 ** 30) low++;
    // A remainder without redrawing would give 1500.
    expect(Math.abs(low - 1000)).toBeLessThan(160);
  });

  it("gives units from 0 to below 1 that float32 holds exactly", () => {
    const random = randomSource(9);
    const units = Array.from({ length: 1000 }, () => random.unit());
    expect(units.every((value) => value >= 0 && value < 1 && Math.fround(value) === value)).toBe(true);
    expect(units.reduce((a, b) => a + b) / 1000).toBeCloseTo(0.5, 1);
  });
});
