/** @file Tables and running text for the terminal. */
import { padEnd, padStart, styled, widthOf } from "./style.js";

/** Form of a table. */
interface TableOptions {
  /** How many columns hold texts, aligned to the left; those behind them hold numbers, aligned to the right. Default: 1. */
  readonly texts?: number;
  /** Columns of the terminal. Default: as many as the table asks for. */
  readonly width?: number;
}

/** Blanks between two columns. */
const GAP = 2;

/**
 * A plain text table without trailing spaces. One that is too wide is folded: into tables one below the other, each with the columns of
 * texts again; or, where even one number beside the texts is too wide, into a block for each row.
 */
export function textTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  { texts = 1, width = Infinity }: TableOptions = {},
): string {
  const widths = titles.map((title, c) => Math.max(widthOf(title), ...rows.map((cells) => widthOf(cells[c]))));
  const columns = titles.map((_, c) => c);
  const keys = columns.slice(0, texts);
  const widthWith = (set: readonly number[]) => set.reduce((sum, c) => sum + widths[c] + GAP, -GAP);
  const sets: number[][] = [];
  for (const c of columns.slice(texts)) {
    const last = sets.at(-1);
    if (last !== undefined && widthWith([...last, c]) <= width) last.push(c);
    else sets.push([...keys, c]);
  }
  if (sets.length === 0) sets.push(keys);
  if (sets.some((set) => widthWith(set) > width)) return blocks(titles, rows, texts, width);
  const line = (cells: readonly string[], set: readonly number[]) => {
    const padded = set.map((c) => (c < texts ? padEnd(cells[c], widths[c]) : padStart(cells[c], widths[c])));
    return padded.join(" ".repeat(GAP)).trimEnd();
  };
  const tables = sets.map((set) =>
    [styled("strong", line(titles, set)), ...rows.map((cells) => line(cells, set))].join("\n"),
  );
  return tables.join("\n\n");
}

/** The texts of each row, and below them the numbers with their titles. */
function blocks(titles: readonly string[], rows: readonly (readonly string[])[], texts: number, width: number): string {
  const indent = Math.max(0, ...titles.slice(texts).map(widthOf)) + GAP;
  const block = (cells: readonly string[]) => [
    styled("strong", cells.slice(0, texts).join(" ")),
    ...cells.slice(texts).map((cell, i) => hanging(`  ${padEnd(titles[texts + i], indent)}`, cell, width).trimEnd()),
  ];
  return rows.map((cells) => block(cells).join("\n")).join("\n\n");
}

/** Breaks text into lines of at most `width` characters at spaces; a longer word behind its commas, or else it keeps its own line. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const pieces = widthOf(word) > width ? word.split(/(?<=,)/) : [word];
    for (const [i, piece] of pieces.entries()) {
      const last = lines.at(-1);
      const joined = i === 0 ? `${last} ${piece}` : `${last}${piece}`;
      if (last !== undefined && widthOf(joined) <= width) lines[lines.length - 1] = joined;
      else lines.push(piece);
    }
  }
  return lines;
}

/** Breaks lines longer than `width` at spaces, and leaves the others as they are. */
export function wrapLines(text: string, width: number): string {
  const lines = text.split("\n").flatMap((line) => (widthOf(line) <= width ? [line] : wrapWords(line, width)));
  return lines.join("\n");
}

/** Longest line of running text, however wide the terminal is. */
export const TEXT_WIDTH = 100;

/** Narrowest column of running text. */
const MIN_COLUMN = 20;

/** Text behind a start, its further lines below its first word; a little further in, where the start leaves no room for a column. */
export function hanging(start: string, text: string, width: number): string {
  const indent = widthOf(start);
  if (width - indent >= MIN_COLUMN) return start + wrapWords(text, width - indent).join(`\n${" ".repeat(indent)}`);
  const [first, ...rest] = wrapWords(start + text, width);
  return [first, ...wrapWords(rest.join(" "), Math.max(width - 4, MIN_COLUMN)).map((line) => `    ${line}`)]
    .filter((line) => line.trim() !== "")
    .join("\n");
}

/** Widest column of terms; the text of a longer one begins on the next line. */
const MAX_INDENT = 26;

/** Terms and what they mean, in two columns. */
export function definitions(rows: readonly (readonly [term: string, text: string])[], width: number): string {
  const longest = Math.max(...rows.map(([term]) => term.length));
  const indent = Math.min(MAX_INDENT, 4 + longest, Math.max(4, width - MIN_COLUMN));
  const lines = rows.map(([term, text]) => {
    const start = `  ${term}  `.padEnd(indent);
    if (start.length <= indent) return hanging(start, text, width);
    return `  ${term}\n${hanging(" ".repeat(indent), text, width)}`;
  });
  return lines.join("\n");
}

/** Facts under titles, in two columns as wide as the titles ask for. */
export function facts(rows: readonly (readonly [title: string, text: string])[], width = Infinity): string {
  const indent = 2 + Math.max(...rows.map(([title]) => title.length));
  const lines = rows.map(([title, text]) => hanging(title.padEnd(indent), text.replaceAll("\n", " "), width).trimEnd());
  return printable(lines.join("\n"));
}

/** Text of a file, which may hold what a terminal takes for orders: control characters as spaces. Line ends of our own stay. */
export function printable(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\p{Bidi_Control}]/gu, " ");
}
