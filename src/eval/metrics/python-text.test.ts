import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pySplit, pyStrip } from "./python-text.js";

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
