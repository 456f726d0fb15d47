/** One column: its heading, and whether it holds numbers (right-aligned). */
export interface Column {
  readonly title: string;
  readonly numeric?: boolean;
}

/** Columns of numbers. */
export function numeric(...titles: readonly string[]): Column[] {
  return titles.map((title) => ({ title, numeric: true }));
}

/** Lines of a plain text table, columns two spaces apart, no trailing spaces. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, c) => Math.max(title.length, ...rows.map((row) => row[c].length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, c) => (columns[c].numeric ? cell.padStart(widths[c]) : cell.padEnd(widths[c])))
      .join("  ")
      .trimEnd();
  return [columns.map(({ title }) => title), ...rows].map(line).join("\n");
}

/** Breaks text into lines of at most `width` characters at spaces; a longer word keeps its own line. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Breaks lines longer than `width` at spaces, and leaves the others as they are. */
export function wrapLines(text: string, width: number): string {
  const lines = text.split("\n").flatMap((line) => (line.length <= width ? [line] : wrapWords(line, width)));
  return lines.join("\n");
}

/** Longest line of running text, however wide the terminal is. */
export const TEXT_WIDTH = 100;

/** Text behind a start, its further lines below its first word. */
export function hanging(start: string, text: string, width: number): string {
  const lines = wrapWords(text, Math.max(width - start.length, 20));
  return start + lines.join(`\n${" ".repeat(start.length)}`);
}

/** Widest column of terms; the text of a longer one begins on the next line. */
const MAX_INDENT = 26;

/** Terms and what they mean, in two columns. */
export function definitions(rows: readonly (readonly [term: string, text: string])[], width: number): string {
  const indent = Math.min(MAX_INDENT, 4 + Math.max(...rows.map(([term]) => term.length)));
  const lines = rows.map(([term, text]) => {
    const start = `  ${term}  `.padEnd(indent);
    if (start.length <= indent) return hanging(start, text, width);
    return `  ${term}\n${hanging(" ".repeat(indent), text, width)}`;
  });
  return lines.join("\n");
}

/** Text of a file, which may hold what a terminal takes for orders: control characters as spaces. Line ends of our own stay. */
export function printable(text: string): string {
  return text.replace(/(?!\n)\p{Cc}/gu, " ");
}
