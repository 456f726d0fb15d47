/** @file Tables of commas (RFC 4180) or tabs, row by row with the line where each begins. */
import { fileError } from "../tasks/problem-log.js";

/** A row as it stands in the file. */
export interface DelimitedRow {
  /** Line of its first field, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** Why the cells cannot be trusted; the next row is read from the next line on. */
  readonly problem?: string;
}

/** Character between fields. */
export type Separator = "," | "\t";

/**
 * Rows of a table, its head among them. A field in double quotes may hold separators, line ends, and quotes written twice. Lines end in
 * LF, CRLF or CR. Rows of empty fields are passed over. Text behind a closing quote spoils its row. So does a quote inside a plain field
 * between commas; between tabs it is a character as others.
 *
 * @throws InvalidInputError for a quote that is never closed, with the line where it opens.
 */
export function* delimitedRows(text: string, separator: Separator, file: string): Generator<DelimitedRow> {
  const reader = { text, separator, file, at: 0, line: 1 };
  while (reader.at < text.length) {
    const { line } = reader;
    const cells: string[] = [];
    let problem: string | undefined;
    do {
      const field = nextField(reader);
      cells.push(field.value);
      problem ??= field.problem && `${field.problem} in field ${cells.length}`;
    } while (passed(reader, separator));
    passLineEnd(reader);
    if (problem !== undefined || cells.some((cell) => cell.trim() !== "")) yield { line, cells, problem };
  }
}

interface Reader {
  readonly text: string;
  readonly separator: Separator;
  readonly file: string;
  /** Place of the next character, and its line. */
  at: number;
  line: number;
}

interface Field {
  readonly value: string;
  readonly problem?: string;
}

function nextField(reader: Reader): Field {
  if (reader.text[reader.at] !== '"') {
    const value = plainText(reader);
    const isSpoilt = reader.separator === "," && value.includes('"');
    return { value, problem: isSpoilt ? "a quote inside a field that is not in quotes" : undefined };
  }
  const value = quotedText(reader);
  const behind = plainText(reader);
  const mark = reader.separator === "," ? "a comma" : "a tab";
  // Spreadsheets of many countries write semicolons.
  const what = behind.trim().startsWith(";") ? `a semicolon where ${mark} separates fields, behind` : "text behind";
  return { value, problem: behind.trim() === "" ? undefined : `${what} the closing quote` };
}

/** Up to the next separator or line end. */
function plainText(reader: Reader): string {
  const { text, separator, at } = reader;
  const end = separator === "," ? /[,\r\n]/g : /[\t\r\n]/g;
  end.lastIndex = at;
  reader.at = end.exec(text)?.index ?? text.length;
  return text.slice(at, reader.at);
}

/** The field whose opening quote is next, without its quotes. */
function quotedText(reader: Reader): string {
  const { text, file, line } = reader;
  const parts: string[] = [];
  do {
    // The opening quote or, of two in the field, the second.
    const start = reader.at + 1;
    const end = text.indexOf('"', start);
    if (end < 0) throw fileError(file, "closed quotes", `one that opens in line ${line} and never closes`);
    parts.push(text.slice(start, end));
    reader.at = end + 1;
  } while (text[reader.at] === '"');
  const value = parts.join('"');
  reader.line += value.match(/\r\n|\n|\r/g)?.length ?? 0;
  return value;
}

/** Whether the character is next; then it is passed. */
function passed(reader: Reader, character: string): boolean {
  const isNext = reader.text[reader.at] === character;
  if (isNext) reader.at++;
  return isNext;
}

function passLineEnd(reader: Reader): void {
  const { text, at } = reader;
  if (at >= text.length) return;
  reader.at += text[at] === "\r" && text[at + 1] === "\n" ? 2 : 1;
  reader.line++;
}
