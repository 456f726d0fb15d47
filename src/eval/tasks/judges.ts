/** @file The judge of tasks whose number is the mean score of their questions. */
import { groupBy } from "../../core/index.js";
import { meanOrNull } from "../../math/index.js";
import type { TaskScores } from "../task.js";
import { MEAN_SCORE } from "./combine.js";
import type { AnsweredRow, Judge } from "./define-task.js";

/** Means over groups of rows beside the mean over all. */
interface MeanOptions<T> {
  /** Names of a row's groups: `exact_match/NAME` is the mean over a group. */
  readonly groupsOf: (row: AnsweredRow<T>) => readonly string[];
  /** Further metrics. */
  readonly more?: (rows: readonly AnsweredRow<T>[]) => TaskScores["metrics"];
  readonly submission?: Judge<T>["submission"];
}

/** Mean score, 0 to 1, as `exact_match`: over all rows and over groups; missing answers are wrong. */
export function meanJudge<T>(
  sampleScore: Judge<T>["sampleScore"],
  { groupsOf, more, submission }: MeanOptions<T>,
): Judge<T> {
  return {
    headline: "exact_match",
    combination: MEAN_SCORE,
    maxScore: () => 1,
    sampleScore,
    score(rows) {
      const scoreOf = ({ row }: { readonly row: AnsweredRow<T> }) => row.score;
      const grouped = rows.flatMap((row) => groupsOf(row).map((group) => ({ row, group })));
      const metrics: Record<string, number | null> = { exact_match: meanOrNull(rows.map(({ score }) => score)) };
      for (const [name, own] of groupBy(grouped, ({ group }) => group)) {
        metrics[`exact_match/${name}`] = meanOrNull(own.map(scoreOf));
      }
      return { metrics: { ...metrics, ...more?.(rows) }, warnings: [] };
    },
    submission,
  };
}
