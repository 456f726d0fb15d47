/** @file Files of one JSON object per line. */

import { brief, misfit, type Shape, type Shaped } from "../../core/index.js";
import type { ProblemLog } from "./problem-log.js";

/** One row of a file. */
export interface FileRow<V> {
  /** Number of the row, from 0; rows that cannot be read count too. */
  readonly place: number;
  /** From 1. */
  readonly line: number;
  readonly value: V;
}

/** How a file's rows are read. */
export interface RowOptions<S extends Shape> {
  /** Name of the file in messages. */
  readonly file: string;
  readonly shape: S;
  readonly problems: ProblemLog;
}

/** Rows of a JSON-lines text. Empty lines are passed over; a line that is no JSON, or lacks a field, is a problem. */
export function parseJsonLines<S extends Shape>(text: string, options: RowOptions<S>): FileRow<Shaped<S>>[] {
  const rows: FileRow<Shaped<S>>[] = [];
  let place = 0;
  for (const [i, content] of text.split("\n").entries()) {
    if (content.trim() === "") continue;
    const value = parseLine(content, i + 1, options);
    if (value !== undefined) rows.push({ place, line: i + 1, value });
    place++;
  }
  return rows;
}

function parseLine<S extends Shape>(
  content: string,
  line: number,
  { file, shape, problems }: RowOptions<S>,
): Shaped<S> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    problems.report({ file, line, what: `no JSON: ${brief(content)}` });
    return undefined;
  }
  const what = misfit(value, shape);
  if (what === undefined) return value as Shaped<S>;
  problems.report({ file, line, what });
  return undefined;
}
