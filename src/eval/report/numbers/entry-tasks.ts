/** @file One entry on one task. */

import { mean, type Spread, spread } from "../../../math/index.js";
import { type LoyaltyCounts, loyaltyCounts } from "../../agreement/agreement-counts.js";
import type { Interval } from "../../stats/bootstrap.js";
import { type Flips, flips, mcnemarExact } from "../../stats/mcnemar.js";
import type { Entry } from "./entries.js";
import type { TaskFrame } from "./frames.js";
import type { EntryIntervals } from "./intervals.js";
import type { CellData } from "./run-data.js";

/** An entry's scores on a task. Of several seeds everything is the mean over them. */
export interface EntryTask {
  readonly task: string;
  /** The task's headline metric; undefined where the official script gives none. */
  readonly value?: number;
  /** `value` relative to that of all tokens, percent; undefined where either is missing, or that of all tokens is 0. */
  readonly relative?: number;
  /** Mean score of a question, 0 to 1; a failed sample counts 0. */
  readonly score: number;
  /** `score` relative to that of all tokens, percent, and its 95 % interval. */
  readonly scoreRelative?: number;
  readonly scoreRelativeInterval?: Interval;
  /** `score` less that of all tokens, points of 100, and its 95 % interval. */
  readonly difference: number;
  readonly differenceInterval?: Interval;
  readonly flips: Flips;
  /** Exact p of McNemar's test against all tokens; undefined for the reference and for several seeds. */
  readonly mcnemar?: number;
  readonly loyalty: LoyaltyCounts;
  /** Kept visual tokens per question with a picture. */
  readonly tokens?: Spread;
  /** Failed samples, of all seeds together. */
  readonly failed: number;
}

interface Sources {
  readonly reference: Entry;
  readonly cells: ReadonlyMap<string, CellData>;
  readonly intervals: EntryIntervals;
  /** Place of the task among the run's. */
  readonly place: number;
}

/** Numbers of an entry on a task. */
export function entryTask(frame: TaskFrame, entry: Entry, { reference, cells, intervals, place }: Sources): EntryTask {
  const { task, pictured } = frame;
  const lists = frame.rowsOf(entry);
  const [full] = frame.rowsOf(reference);
  const before = full.map(({ score }) => score);
  const [score, fullScore] = [mean([...frame.scoresOf(entry)]), mean(before)];
  const value = headline(entry, task, cells);
  const fullValue = headline(reference, task, cells);
  const each = lists.map((rows) =>
    flips(
      before,
      rows.map((row) => row.score),
    ),
  );
  const isPaired = lists.length === 1 && entry.id !== reference.id;
  return {
    task: task.id,
    value,
    ...(value !== undefined && fullValue !== undefined && fullValue !== 0 && { relative: (100 * value) / fullValue }),
    score,
    ...(fullScore > 0 && {
      scoreRelative: (100 * score) / fullScore,
      scoreRelativeInterval: intervals.relative[place],
    }),
    difference: 100 * (score - fullScore),
    differenceInterval: intervals.difference[place],
    flips: {
      rightToWrong: mean(each.map(({ rightToWrong }) => rightToWrong)),
      wrongToRight: mean(each.map(({ wrongToRight }) => wrongToRight)),
      samples: before.length,
    },
    ...(isPaired && { mcnemar: mcnemarExact(each[0]) }),
    loyalty: loyaltyCounts(full, lists),
    tokens: keptTokens(frame, entry, pictured),
    failed: lists.flat().filter(({ failed }) => failed !== undefined).length,
  };
}

/** The headline metric, the mean over seeds; undefined where one has none. */
export function headline(
  { cells: ids }: Pick<Entry, "cells">,
  { id, headline: metric }: { readonly id: string; readonly headline: string },
  cells: ReadonlyMap<string, CellData>,
): number | undefined {
  const values = ids.map((cell) => cells.get(cell)?.results[id]?.[`${metric},none`]);
  return values.every((value) => typeof value === "number") ? mean(values) : undefined;
}

function keptTokens(frame: TaskFrame, entry: Entry, pictured: readonly boolean[]): Spread | undefined {
  const counts = frame
    .rowsOf(entry)
    .flatMap((rows) => rows.filter(({ failed }, i) => pictured[i] && failed === undefined))
    .map(({ compression }) => compression.n_kept);
  return spread(counts);
}
