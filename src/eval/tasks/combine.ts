/** @file How scores of samples combine to the number that stands for a task. */
import { groupBy } from "../../core/index.js";
import type { Combination, ScoredSample } from "../task.js";

/** The mean score. */
export const MEAN_SCORE: Combination = {
  counts: (samples) => samples.map(({ score }) => [score, 1]),
  value: ([sum, samples]) => (samples === 0 ? null : sum / samples),
};

/** Counts of groups, each at its first sample. @param length of a group's list; other samples have as many zeros. */
export function groupCounts(
  samples: readonly ScoredSample[],
  length: number,
  countsOf: (group: readonly ScoredSample[]) => readonly number[],
): readonly (readonly number[])[] {
  const none = new Array<number>(length).fill(0);
  const counts = samples.map((): readonly number[] => none);
  for (const places of groupBy([...samples.keys()], (i) => samples[i].group).values()) {
    counts[places[0]] = countsOf(places.map((i) => samples[i]));
  }
  return counts;
}
