/** @file Python's idea of white space, which JavaScript does not share: the official scripts depend on it. */

/**
 * White space of `str.split()`, `str.strip()` and `\s` (CPython, `_PyUnicode_IsWhitespace`), as a class for regular expressions.
 * Beside JavaScript's it has the information separators 1C to 1F, and 85; it lacks U+FEFF.
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
