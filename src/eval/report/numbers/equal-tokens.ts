/**
 * @file Methods that find their own number of tokens beside those with a fixed one, at equal means and at equal maxima: the fixed
 * ones' curves, linear between their budgets, are read off at that count, task by task.
 */

import { groupBy } from "../../../core/index.js";
import { mean } from "../../../math/index.js";
import { type CurvePoint, interpolate } from "../../stats/curve.js";
import { REFERENCE } from "./entries.js";
import type { EntryNumbers } from "./entry-numbers.js";

/** A fixed method's relative score at a dynamic one's number of tokens. */
export interface AtTokens {
  /** Mean over the tasks, percent. */
  readonly relative: number;
  /** The budgets that it is read off between: the widest range of all tasks. */
  readonly from: number;
  readonly to: number;
}

/** One dynamic entry and the fixed ones beside it. */
export interface EqualTokens {
  readonly entry: string;
  readonly relative?: number;
  /** Mean and greatest number of tokens by task. */
  readonly counts: readonly { readonly task: string; readonly mean: number; readonly max: number }[];
  readonly series: readonly {
    readonly series: string;
    readonly role: EntryNumbers["role"];
    /** Undefined where the count is below the series' smallest budget, or a score is missing. */
    readonly atMean?: AtTokens;
    readonly atMax?: AtTokens;
  }[];
}

/** One per dynamic entry. All tokens end each curve: with all of them every method is the same. */
export function equalTokens(entries: readonly EntryNumbers[]): EqualTokens[] {
  const fixed = fixedSeries(entries);
  const full = entries.find(({ id }) => id === REFERENCE);
  return entries
    .filter(({ budget }) => budget === "dynamic")
    .map((entry) => {
      const counts = entry.tasks.flatMap(({ task, tokens }) =>
        tokens === undefined ? [] : [{ task, mean: tokens.mean, max: tokens.max }],
      );
      return {
        entry: entry.id,
        relative: entry.relative,
        counts,
        series: [...fixed].map(([series, members]) => {
          const read = (which: "mean" | "max") => readOff(counts, which, full ? [...members, full] : members);
          return { series, role: members[0].role, atMean: read("mean"), atMax: read("max") };
        }),
      };
    });
}

/** Entries with a number as budget, by series; no picture at all is no such series. */
export function fixedSeries(entries: readonly EntryNumbers[]): Map<string, EntryNumbers[]> {
  return groupBy(entries, ({ budget, series }) => (typeof budget !== "number" || budget === 0 ? undefined : series));
}

function readOff(
  counts: EqualTokens["counts"],
  which: "mean" | "max",
  members: readonly EntryNumbers[],
): AtTokens | undefined {
  const read = counts.map((count) => {
    const points = members.flatMap(({ tasks }): CurvePoint[] => {
      const own = tasks.find(({ task }) => task === count.task);
      return own?.tokens === undefined || own.relative === undefined ? [] : [{ x: own.tokens.mean, y: own.relative }];
    });
    // A member without a score would make the curve jump over its budget.
    return points.length < members.length ? undefined : interpolate(points, count[which]);
  });
  const found = read.filter((value) => value !== undefined);
  if (found.length === 0 || found.length < read.length) return undefined;
  return {
    relative: mean(found.map(({ y }) => y)),
    from: Math.min(...found.map(({ from }) => from)),
    to: Math.max(...found.map(({ to }) => to)),
  };
}
