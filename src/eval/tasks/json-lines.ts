/** @file Rows of files, and files of one JSON object per line. */
import { shape as is } from "../../core/index.js";
import type { ProblemLog } from "./problem-log.js";

/** One row of a file. */
export interface FileRow<V> {
  /** Number of the row, from 0; rows that cannot be read count too. */
  readonly place: number;
  /** From 1. */
  readonly line: number;
  readonly value: V;
  /** Notes why the row cannot be used. */
  report(what: string): void;
}

/** Shape of a file's rows, and the log of its problems. */
export interface RowOptions<T> {
  /** Name of the file in messages. */
  readonly file: string;
  readonly shape: is.Shape<T>;
  readonly problems: ProblemLog;
}

/** A row before its value is checked. */
interface RawRow extends Pick<FileRow<unknown>, "line" | "value"> {
  /** Why there is no value. */
  readonly problem?: string;
}

/** The rows that have the shape, numbered; each of the others is a problem. @param where follows what is wrong with a row. */
export function* checkedRows<T>(
  rows: Iterable<RawRow>,
  { file, shape, problems }: RowOptions<T>,
  where = (_place: number) => "",
): Generator<FileRow<T>> {
  let place = 0;
  for (const { line, value, problem } of rows) {
    const report = (what: string) => problems.report({ file, line, what });
    const what = problem ?? is.mismatchText(value, shape);
    if (what === undefined) yield { place, line, value: value as T, report };
    else report(what + where(place));
    place++;
  }
}

/** Rows of a JSON-lines text. Empty lines are passed over; a line that is no JSON, or lacks a field, is a problem. */
export function parseJsonLines<T>(text: string, options: RowOptions<T>): FileRow<T>[] {
  const lines = text
    .replace(/^\ufeff/, "")
    .split("\n")
    .map((content, i) => ({ content, line: i + 1 }));
  const full = lines.filter(({ content }) => content.trim() !== "");
  return [...checkedRows(full.map(parseLine), options)];
}

function parseLine({ content, line }: { readonly content: string; readonly line: number }): RawRow {
  try {
    return { line, value: JSON.parse(content) };
  } catch {
    return { line, value: undefined, problem: `no JSON: ${is.brief(content)}` };
  }
}
