/** @file MMBench (arXiv 2307.06281): the first rotation alone, and circular, where a question counts only if all its rotations are right. */

import { MMBENCH } from "../../benchmarks/index.js";
import { groupBy, refusalFor } from "../../core/index.js";
import { mean, meanOrNull } from "../../math/index.js";

/** One row of a split: what was found in the answer, and what is right. */
export interface MmbenchRow {
  /** The row's index in the table: rotations of a question share it modulo 1,000,000. */
  readonly index: number;
  /** Letter of the right option. */
  readonly answer: string;
  /** The letter that was found, undefined for none. */
  readonly found: string | undefined;
  /** Undefined for a row that no group of the report has. */
  readonly category?: string;
  readonly l2Category?: string;
}

/** Accuracies of one split, 0 to 1; null of no rows. */
export type MmbenchScores = ReturnType<typeof mmbenchScores>;

/**
 * Scores of one split; the letters by whichever rule, so that VLMEvalKit's and lmms-eval's static scores come from the same code.
 * Groups have the category of their first rotation; one without a first rotation counts in `allRows` alone, as upstream.
 *
 * @throws InvalidInputError for an index that is no whole number from 0, or there twice.
 */
export function mmbenchScores(rows: readonly MmbenchRow[]) {
  assertIndexes(rows);
  const right = ({ found, answer }: MmbenchRow) => found === answer;
  const first = rows.filter(({ index }) => index < MMBENCH.rotation);
  const wrong = new Set(rows.filter((row) => !right(row)).map(({ index }) => index % MMBENCH.rotation));
  const hits = new Map(first.map(({ index }) => [index, wrong.has(index) ? 0 : 1]));
  const by = (key: "category" | "l2Category") => {
    const groups = groupBy(first, (row) => row[key]);
    return new Map([...groups].map(([name, own]) => [name, mean(own.map(({ index }) => hits.get(index) ?? 0))]));
  };
  return {
    circular: meanOrNull([...hits.values()]),
    /** Rows with an index below 1,000,000. */
    single: meanOrNull(first.map((row) => Number(right(row)))),
    /** Every row, each rotation counted on its own. */
    allRows: meanOrNull(rows.map((row) => Number(right(row)))),
    /** 1 or 0 by the group's index. */
    hits,
    /** Circular, by category and by l2-category. */
    categories: by("category"),
    l2Categories: by("l2Category"),
  };
}

function assertIndexes(rows: readonly MmbenchRow[]): void {
  const seen = new Set<number>();
  for (const { index } of rows) {
    if (!Number.isSafeInteger(index) || index < 0 || seen.has(index)) {
      const got = seen.has(index) ? `${index} twice` : String(index);
      throw refusalFor("mmbenchScores")("whole indexes from 0, each once", got);
    }
    seen.add(index);
  }
}
