/** @file A task's rows side by side: all cells answer the same samples in the same order. */

import { InvalidInputError } from "../../../core/index.js";
import { mean } from "../../../math/index.js";
import type { RunTask } from "../../run/run-folder.js";
import { type Entry, REFERENCE } from "./entries.js";
import type { ReportRow, RunData } from "./run-data.js";

/** One task of a run. */
export interface TaskFrame {
  readonly task: RunTask;
  /** Which samples belong together: the number of each one's picture, from 0. */
  readonly picture: Uint32Array;
  readonly pictures: number;
  /** Whether a sample has a picture at all. */
  readonly pictured: readonly boolean[];
  /** Rows of an entry: a list per cell of it. */
  rowsOf(entry: Entry): readonly (readonly ReportRow[])[];
  /** Scores of an entry's samples, the mean over its cells. */
  scoresOf(entry: Entry): Float64Array;
}

/** Mean over lists of the scores in each place. */
function meanScores(lists: readonly (readonly ReportRow[])[]): Float64Array {
  return Float64Array.from(lists[0], (_, i) => mean(lists.map((rows) => rows[i].score)));
}

/**
 * The tasks of a run.
 *
 * @throws InvalidInputError for a run without the cell `none` or without samples, or whose cells did not answer the same samples.
 */
export function taskFrames({ state, cells }: RunData): TaskFrame[] {
  if (!cells.has(REFERENCE)) refuse(`a run with the cell ${REFERENCE}`, [...cells.keys()].join(", ") || "no cells");
  if (state.tasks.length === 0) refuse("a run of at least one task", "none");
  return state.tasks.map((task) => {
    const rows = new Map([...cells].map(([id, cell]) => [id, cell.rows[task.id] ?? []]));
    const reference = rows.get(REFERENCE) ?? [];
    if (reference.length === 0) refuse(`samples of ${task.id}`, "none");
    for (const [id, own] of rows) assertSameSamples(task.id, id, reference, own);
    const keys = new Map<string, number>();
    const picture = Uint32Array.from(reference, (row) => {
      const key = pictureKey(task.id, row);
      if (!keys.has(key)) keys.set(key, keys.size);
      return keys.get(key) as number;
    });
    const rowsOf = (entry: Entry) => entry.cells.map((id) => rows.get(id) ?? []);
    return {
      task,
      picture,
      pictures: keys.size,
      pictured: reference.map(({ compression }) => compression.n_full > 0),
      rowsOf,
      scoresOf: (entry) => meanScores(rowsOf(entry)),
    };
  });
}

/** Distance between the numbers of MMBench's rotations of one question (its indices modulo a million are the question's). */
const ROTATION = 1e6;

/** One text per picture. MMBench's pictures have no path; a row of another task without one stands for itself. */
function pictureKey(task: string, { image, question_id, doc_id }: ReportRow): string {
  if (image !== undefined) return `path ${image}`;
  const isRotated = task.includes("mmbench") && Number.isInteger(Number(question_id));
  return isRotated ? `question ${Number(question_id) % ROTATION}` : `row ${doc_id}`;
}

function assertSameSamples(
  task: string,
  cell: string,
  reference: readonly ReportRow[],
  own: readonly ReportRow[],
): void {
  const differs = reference.findIndex(({ doc_id }, i) => own[i]?.doc_id !== doc_id);
  if (differs < 0 && own.length === reference.length) return;
  refuse(
    `the ${reference.length} samples of ${task} that ${REFERENCE} answered, in its order`,
    `${own.length} in ${cell}, another one in place ${differs < 0 ? reference.length : differs}`,
  );
}

function refuse(expected: string, got: string): never {
  throw new InvalidInputError({ operation: "report", expected, got });
}
