/** @file How scores of samples combine to the number that stands for a task. */
import { groupBy } from "../../core/index.js";
import type { Combination, ScoredSample } from "../task.js";

/** The number of some samples; null of none. */
export function combined({ counts, value }: Combination, samples: readonly ScoredSample[]): number | null {
  const [first, ...rest] = counts(samples);
  if (first === undefined) return null;
  const sums = [...first];
  for (const own of rest) for (let i = 0; i < sums.length; i++) sums[i] += own[i];
  return value(sums);
}

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
