/** @file Files of one JSON object per line. */

import { shape as is } from "../../core/index.js";
import type { ProblemLog } from "./problem-log.js";

/** One row of a file. */
export interface FileRow<V> {
  /** Number of the row, from 0; rows that cannot be read count too. */
  readonly place: number;
  /** From 1. */
  readonly line: number;
  readonly value: V;
}

/** Shape of a file's rows, and the log of its problems. */
export interface RowOptions<T> {
  /** Name of the file in messages. */
  readonly file: string;
  readonly shape: is.Shape<T>;
  readonly problems: ProblemLog;
}

/** Rows of a JSON-lines text. Empty lines are passed over; a line that is no JSON, or lacks a field, is a problem. */
export function parseJsonLines<T>(text: string, options: RowOptions<T>): FileRow<T>[] {
  const rows: FileRow<T>[] = [];
  let place = 0;
  for (const [i, content] of text.split("\n").entries()) {
    if (content.trim() === "") continue;
    const value = parseLine(content, i + 1, options);
    if (value !== undefined) rows.push({ place, line: i + 1, value });
    place++;
  }
  return rows;
}

function parseLine<T>(content: string, line: number, { file, shape, problems }: RowOptions<T>): T | undefined {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    problems.report({ file, line, what: `no JSON: ${is.brief(content)}` });
    return undefined;
  }
  const what = is.mismatchText(value, shape);
  if (what === undefined) return value as T;
  problems.report({ file, line, what });
  return undefined;
}
