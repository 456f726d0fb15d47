/** @file Python's ideas of white space, digits and rounding, which JavaScript does not share: the official scripts depend on them. */

/**
 * What `str.split()`, `str.strip()` and `\s` take for white space (CPython, `_PyUnicode_IsWhitespace`), as a class for regular
 * expressions: with the information separators 1C to 1F and 85, which JavaScript leaves out; without U+FEFF, which JavaScript has.
 */
export const PY_SPACE =
  "[\\t\\n\\v\\f\\r\\x1c-\\x1f \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const SPACES = new RegExp(`${PY_SPACE}+`, "u");
const OUTER = new RegExp(`^${PY_SPACE}+|${PY_SPACE}+$`, "gu");

/** `text.strip()`. */
export function pyStrip(text: string): string {
  return text.replace(OUTER, "");
}

/** `text.split()`: words between white space; none of an empty text. */
export function pySplit(text: string): string[] {
  const stripped = pyStrip(text);
  return stripped === "" ? [] : stripped.split(SPACES);
}

/** `'{:.2f}'.format(value)`: the nearest decimal of the exact binary value, exact ties to even. */
export function pyFixed2(value: number): string {
  return pyFixed(value, 2);
}

/** `'{:.Nf}'.format(value)` for N from 1, and finite values below 1e21 in size. */
export function pyFixed(value: number, digits: number): string {
  // toFixed works on the exact binary value too; only an exact tie it rounds up, not to even. With N digits a tie is an odd
  // multiple of 2^-(N + 1), so one digit more writes it out.
  if ((Math.abs(value) * 2 ** (digits + 1)) % 2 !== 1) return value.toFixed(digits);
  const below = value.toFixed(digits + 1).slice(0, -1);
  return Number(below.at(-1)) % 2 === 0 ? below : value.toFixed(digits);
}

/** `round(value, 2)`. */
export function pyRound2(value: number): number {
  return Number(pyFixed2(value));
}
