import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../../core/index.js";
import { chooseSubset, type Unit } from "./subset.js";

interface Named extends Unit {
  readonly id: number;
}

const units = (count: number, of: (i: number) => Unit): Named[] =>
  Array.from({ length: count }, (_, id) => ({ id, ...of(id) }));
const counts = (names: readonly string[]) => {
  const map: Record<string, number> = {};
  for (const name of names) map[name] = (map[name] ?? 0) + 1;
  return map;
};

describe("chooseSubset", () => {
  it("never takes more than the limit, nor a unit twice, and all if they fit", () => {
    const unit = fc.record({
      group: fc.constantFrom("a", "b", "c"),
      picture: fc.constantFrom("p", "q", "r"),
      size: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1 }), fc.integer({ min: 4, max: 60 }), fc.nat(), (drawn, limit, seed) => {
        const all = drawn.map((one, id) => ({ ...one, id }));
        const chosen = chooseSubset(all, { limit, seed });
        const size = chosen.reduce((sum, one) => sum + one.size, 0);
        const whole = all.reduce((sum, one) => sum + one.size, 0);
        expect(size).toBeLessThanOrEqual(limit);
        expect(new Set(chosen.map(({ id }) => id)).size).toBe(chosen.length);
        if (whole <= limit) expect(chosen).toHaveLength(all.length);
        // Nothing that is left would have fitted in.
        const left = all.filter(({ id }) => !chosen.some((one) => one.id === id));
        for (const one of left) expect(one.size).toBeGreaterThan(limit - size);
      }),
    );
  });

  it("takes from the groups in turn, and from as many pictures as it can", () => {
    const all = units(300, (i) => ({ group: "abc"[i % 3], picture: `p${Math.floor(i / 6)}`, size: 1 }));
    const chosen = chooseSubset(all, { limit: 60, seed: 5 });
    expect(counts(chosen.map(({ group }) => group))).toEqual({ a: 20, b: 20, c: 20 });
    for (const group of "abc") {
      const pictures = chosen.filter((one) => one.group === group).map(({ picture }) => picture);
      expect(new Set(pictures).size).toBe(20);
    }
  });

  it("takes all of a small group, and the rest from the others", () => {
    const all = units(103, (i) => ({ group: i < 3 ? "small" : "large", picture: `${i}`, size: 1 }));
    expect(counts(chooseSubset(all, { limit: 20, seed: 1 }).map(({ group }) => group))).toEqual({
      small: 3,
      large: 17,
    });
  });

  it("is the same for the same seed, and another for another", () => {
    const all = units(100, (i) => ({ group: "", picture: `${i}`, size: 1 }));
    const of = (seed: number) => chooseSubset(all, { limit: 10, seed }).map(({ id }) => id);
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });

  it("does not prefer places: over many seeds each unit comes as often", () => {
    const all = units(10, (i) => ({ group: "", picture: `${i}`, size: 1 }));
    const times = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 2000; seed++) for (const { id } of chooseSubset(all, { limit: 3, seed })) times[id]++;
    // 600 each; five standard deviations of the binomial are 102.
    for (const time of times) expect(Math.abs(time - 600)).toBeLessThan(102);
  });

  it("refuses a limit that nothing fits in, and limits and seeds that are none", () => {
    const pairs = units(3, (i) => ({ group: "", picture: `${i}`, size: 2 }));
    expect(() => chooseSubset(pairs, { limit: 1, seed: 1 })).toThrow(/a limit from 2 on/);
    for (const limit of [0, -1, 2.5, Number.NaN]) {
      expect(() => chooseSubset(pairs, { limit, seed: 1 })).toThrow(InvalidInputError);
    }
    for (const seed of [-1, 2 ** 32, 0.5, Number.NaN]) {
      expect(() => chooseSubset(pairs, { limit: 2, seed })).toThrow(InvalidInputError);
    }
  });
});
