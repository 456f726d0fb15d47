/**
 * Lines of a plain text table, columns two spaces apart, no trailing spaces.
 *
 * @param texts how many columns hold texts, aligned to the left; those behind them hold numbers, aligned to the right.
 */
export function textTable(titles: readonly string[], rows: readonly (readonly string[])[], texts = 1): string {
  const lines = [titles, ...rows];
  const widths = titles.map((_, c) => Math.max(...lines.map((cells) => cells[c].length)));
  const padded = (cell: string, c: number) => (c < texts ? cell.padEnd(widths[c]) : cell.padStart(widths[c]));
  return lines.map((cells) => cells.map(padded).join("  ").trimEnd()).join("\n");
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

/** Facts under titles, in two columns as wide as the titles ask for. */
export function facts(rows: readonly (readonly [title: string, text: string])[], width = Infinity): string {
  const indent = 2 + Math.max(...rows.map(([title]) => title.length));
  const lines = rows.map(([title, text]) => hanging(title.padEnd(indent), text.replaceAll("\n", " "), width).trimEnd());
  return printable(lines.join("\n"));
}

/** Text of a file, which may hold what a terminal takes for orders: control characters as spaces. Line ends of our own stay. */
export function printable(text: string): string {
  return text.replace(/(?!\n)\p{Cc}/gu, " ");
}
