/**
 * @file One item after the other of an array in a large JSON text. VQAv2's annotations are 350 MB, and parsed whole they would
 * stand in memory a second time.
 */
import { checkedRows, type FileRow, type RowOptions } from "./json-lines.js";
import { fileError } from "./problem-log.js";

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
/** It, and what is below it, is white space between values. */
const SPACE = 0x20;
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Items of the list `text[key]` or, without a key, of the list that the text is. Each is parsed when asked for. One that lacks a
 * field is a problem.
 *
 * @throws InvalidInputError where there is no such list, or it breaks off; what follows it is not looked at.
 */
export function jsonItems<T>(text: string, key: string | undefined, options: RowOptions<T>): Generator<FileRow<T>> {
  return checkedRows(rawItems(text, key, options.file), options, (place) => ` in item ${place}`);
}

function* rawItems(text: string, key: string | undefined, file: string) {
  const counter = lineCounter(text);
  for (const [start, end] of itemRanges(text, key, file)) {
    yield { line: counter(start), value: parseRange(text, start, end, file) };
  }
}

/** Start and end of each item. */
function* itemRanges(text: string, key: string | undefined, file: string): Generator<readonly [number, number]> {
  const broken = (at: number) => fileError(file, "JSON", `an end or a break in line ${lineCounter(text)(at)}`);
  const skip = (start: number) => {
    let at = start;
    while (text.charCodeAt(at) <= SPACE) at++;
    return at;
  };
  /** Past the character that must stand there, and white space. */
  const expect = (at: number, code: number) => {
    if (text.charCodeAt(at) !== code) throw broken(at);
    return skip(at + 1);
  };
  const valueEnd = (at: number) => {
    const end = endOfValue(text, at);
    if (end <= at) throw broken(end < 0 ? text.length : at);
    return end;
  };
  let at = skip(text.startsWith("\ufeff") ? 1 : 0);
  if (key !== undefined) {
    at = expect(at, OPEN_BRACE);
    for (;;) {
      const end = valueEnd(at);
      const value = expect(skip(end), COLON);
      if (parseRange(text, at, end, file) === key) {
        at = value;
        break;
      }
      at = skip(valueEnd(value));
      if (text.charCodeAt(at) === CLOSE_BRACE) throw fileError(file, `a list "${key}"`, "none");
      at = expect(at, COMMA);
    }
  }
  at = expect(at, OPEN_BRACKET);
  if (text.charCodeAt(at) === CLOSE_BRACKET) return;
  for (;;) {
    const end = valueEnd(at);
    yield [at, end];
    at = skip(end);
    if (text.charCodeAt(at) === CLOSE_BRACKET) return;
    at = expect(at, COMMA);
  }
}

/** Where the value that begins at `start` ends; `start` or less if it does not. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = closingQuote(text, at);
      if (at < 0) return -1;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
    else if (depth > 0 || !(code === COMMA || code <= SPACE || code === COLON)) continue;
    else return at;
    if (depth < 0) return at;
    if (depth === 0) return at + 1;
  }
  return -1;
}

/** The quote that ends the text whose opening quote stands at `start`; -1 if none does. */
function closingQuote(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((at - before) % 2 === 1) return at;
  }
  return -1;
}

function parseRange(text: string, start: number, end: number, file: string): unknown {
  try {
    return JSON.parse(text.slice(start, end));
  } catch (error) {
    throw fileError(file, "JSON", `${(error as Error).message} in line ${lineCounter(text)(start)}`);
  }
}

/** Lines of ascending places. */
function lineCounter(text: string): (at: number) => number {
  let line = 1;
  let next = text.indexOf("\n");
  return (at) => {
    while (next >= 0 && next < at) {
      line++;
      next = text.indexOf("\n", next + 1);
    }
    return line;
  };
}
