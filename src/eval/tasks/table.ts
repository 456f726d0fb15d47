/** @file Tables as pandas' `read_table` reads them (C parser, defaults, pandas 2): MMBench's scripts go by what it makes of a file. */
import { shape } from "../../core/index.js";
import { checkedRows, type FileRow, type RowOptions } from "./json-lines.js";
import { fileError } from "./problem-log.js";

/** Texts that pandas takes for missing. */
const MISSING = new Set(
  ",#N/A,#N/A N/A,#NA,-1.#IND,-1.#QNAN,-NaN,-nan,1.#IND,1.#QNAN,<NA>,N/A,NA,NULL,NaN,None,n/a,nan,null".split(","),
);

/** One row: values by column, null where pandas has a missing one. */
export interface TableRow extends Omit<FileRow<unknown>, "value"> {
  readonly cells: ReadonlyMap<string, string | null>;
}

/**
 * Rows of a tab-separated text with a head. A field that begins with a quote runs to the next single quote, over tabs and line
 * ends. Two quotes in it stand for one. Empty lines and lines of blanks are passed over. Short rows end in missing values; too long
 * ones, where pandas stops, are problems. Unlike in pandas all values stay texts.
 *
 * @throws InvalidInputError where there is no head, or a quote is not closed.
 */
export function parseTable(text: string, { file, problems }: Omit<RowOptions<unknown>, "shape">): TableRow[] {
  const all = records(text.startsWith("\ufeff") ? text.slice(1) : text, file);
  const head = all.next();
  if (head.done) throw fileError(file, "a table", "an empty file");
  const columns = head.value.cells;
  function* rows() {
    for (const { line, cells } of all) {
      const problem = cells.length > columns.length ? `${cells.length} fields, ${columns.length} columns` : undefined;
      yield { line, problem, value: new Map(columns.map((column, i) => [column, asMissing(cells[i])])) };
    }
  }
  const checked = checkedRows(rows(), { file, problems, shape: shape.instance<TableRow["cells"]>(Map) });
  return Array.from(checked, ({ value: cells, ...row }) => ({ ...row, cells }));
}

/** Quotes do not protect a text that means missing. */
function asMissing(cell: string | undefined): string | null {
  return cell === undefined || MISSING.has(cell) ? null : cell;
}

interface RawRow {
  readonly line: number;
  readonly cells: readonly string[];
}

function* records(text: string, file: string): Generator<RawRow> {
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const blank = / *(\r\n|\n|\r|$)/y;
    blank.lastIndex = at;
    if (blank.test(text)) {
      at = blank.lastIndex;
      line++;
      continue;
    }
    const cells: string[] = [];
    const start = line;
    for (;;) {
      const field = fieldAt(text, at);
      if (field === undefined) throw fileError(file, "closed quotes", `an open one from line ${line} on`);
      cells.push(field.value);
      line += field.lines;
      at = field.end + 1;
      if (text[field.end] === "\t") continue;
      if (text[field.end] === "\r" && text[at] === "\n") at++;
      break;
    }
    line++;
    yield { line: start, cells };
  }
}

interface Field {
  readonly value: string;
  /** Place of the tab or line end after it. */
  readonly end: number;
  /** Line ends in it. */
  readonly lines: number;
}

/** The field that begins at `start`; undefined if its quote is not closed. */
function fieldAt(text: string, start: number): Field | undefined {
  let at = start;
  let value = "";
  let lines = 0;
  if (text[at] === '"') {
    do {
      const quote = text.indexOf('"', at + 1);
      if (quote < 0) return undefined;
      const part = text.slice(at + 1, quote);
      value += at === start ? part : `"${part}`;
      at = quote + 1;
    } while (text[at] === '"');
    lines = value.split(/\r\n|\n|\r/).length - 1;
  }
  // Characters after a closing quote belong to the field, as does a quote in the middle of one.
  const breaks = /[\t\r\n]/g;
  breaks.lastIndex = at;
  const end = breaks.exec(text)?.index ?? text.length;
  return { value: value + text.slice(at, end), end, lines };
}
