/** @file How scores of samples combine: means by group, and the number that stands for a task. */
import type { Combination, ScoredSample } from "../task.js";

/** The mean; null of nothing. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Lists by key, in the order in which the keys come first. */
export function groupBy<V>(values: readonly V[], key: (value: V) => string): Map<string, V[]> {
  const groups = new Map<string, V[]>();
  for (const value of values) {
    const name = key(value);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [value]);
    else group.push(value);
  }
  return groups;
}

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
