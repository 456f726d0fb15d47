import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pyFixed, pyFixed2, pyRound2, pySplit, pyStrip } from "./python-text.js";

/** All characters for which Python's `isspace` holds. */
const SPACES =
  "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000";

describe("pyStrip and pySplit", () => {
  it("take each of Python's white space characters off and apart", () => {
    for (const space of SPACES) {
      expect(pyStrip(`${space}a${space}`)).toBe("a");
      expect(pySplit(`${space}a${space}${space}b`)).toEqual(["a", "b"]);
    }
  });

  it("leave alone what only JavaScript, or neither, takes for white space", () => {
    for (const other of "\ufeff\u200b\u180e\u2060") {
      expect(pyStrip(`${other}a`)).toBe(`${other}a`);
      expect(pySplit(`a${other}b`)).toEqual([`a${other}b`]);
    }
  });

  it("give no word of an empty or blank text", () => {
    expect(pySplit("")).toEqual([]);
    expect(pySplit(SPACES)).toEqual([]);
  });

  it("give words without white space that make up the text", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "😀", ...SPACES) });
    fc.assert(
      fc.property(text, (value) => {
        const words = pySplit(value);
        expect(words.join("")).toBe([...value].filter((character) => !SPACES.includes(character)).join(""));
        expect(words.every((word) => word !== "" && pyStrip(word) === word)).toBe(true);
      }),
    );
  });
});

describe("pyFixed", () => {
  it("rounds exact binary ties to even, where toFixed rounds up", () => {
    expect([0.125, 0.375, 0.625, 0.875, 12.125, 2.5 + 0.125].map(pyFixed2)).toEqual([
      "0.12",
      "0.38",
      "0.62",
      "0.88",
      "12.12",
      "2.62",
    ]);
    expect(pyFixed(0.0625, 3)).toBe("0.062");
    expect(pyFixed(0.1875, 3)).toBe("0.188");
    expect(pyFixed(-0.125, 2)).toBe("-0.12");
  });

  it("goes by the exact value of what only looks like a tie", () => {
    // 1.005 lies below, 2.675 below, 0.015 below, 1.115 above the tie.
    expect([1.005, 2.675, 0.015, 1.115].map(pyFixed2)).toEqual(["1.00", "2.67", "0.01", "1.11"]);
    expect(pyFixed2(79.75000000000001)).toBe("79.75");
  });

  it("gives the nearest decimal", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (value) => {
        expect(Math.abs(pyRound2(value) - value)).toBeLessThanOrEqual(0.005 + 1e-9);
        expect(pyFixed2(value)).toMatch(/^\d+\.\d\d$/);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (eighths) => {
        const last = Number(pyFixed2(eighths / 8).at(-1));
        if (eighths % 2 === 1) expect(last % 2).toBe(0);
      }),
    );
  });
});
