/** @file Intervals of all entries from the same resamples of pictures, so that differences between entries are paired. */
import {
  type BootstrapOptions,
  clusterSums,
  drawClusters,
  drawnSum,
  type Interval,
  percentileInterval,
} from "../../stats/bootstrap.js";
import type { Entry } from "./entries.js";
import type { TaskFrame } from "./frames.js";

/** Resampled values of one entry. Everything is of the questions' scores, not of the official metric. */
export interface EntryIntervals {
  /** By task: score relative to all tokens, percent. */
  readonly relative: readonly (Interval | undefined)[];
  /** By task: score less that of all tokens, points of 100. */
  readonly difference: readonly (Interval | undefined)[];
  /** Mean of the relative scores over the tasks. */
  readonly mean: Interval | undefined;
  /** The values behind `mean`: one per resample. */
  readonly means: Float64Array;
}

/**
 * Draws pictures within each task, anew for each resample.
 *
 * @param reference the entry that the others are relative to.
 * @returns one per entry, in their order.
 */
export function entryIntervals(
  frames: readonly TaskFrame[],
  { entries, reference }: { readonly entries: readonly Entry[]; readonly reference: Entry },
  options: Required<BootstrapOptions>,
): EntryIntervals[] {
  const sumsOf = (frame: TaskFrame, values: ArrayLike<number>) => clusterSums(values, frame.picture, frame.pictures);
  const sizes = frames.map((frame) => sumsOf(frame, new Float64Array(frame.picture.length).fill(1)));
  const full = frames.map((frame) => sumsOf(frame, frame.scoresOf(reference)));
  const own = entries.map((entry) => frames.map((frame) => sumsOf(frame, frame.scoresOf(entry))));
  const empty = () => new Float64Array(options.resamples);
  const ratios = entries.map(() => frames.map(empty));
  const differences = entries.map(() => frames.map(empty));
  const means = entries.map(empty);
  let i = 0;
  for (const counts of drawClusters(
    frames.map(({ pictures }) => pictures),
    options,
  )) {
    for (const [t, drawn] of counts.entries()) {
      const [fullSum, size] = [drawnSum(drawn, full[t]), drawnSum(drawn, sizes[t])];
      for (const [e, sums] of own.entries()) {
        const sum = drawnSum(drawn, sums[t]);
        ratios[e][t][i] = (100 * sum) / fullSum;
        differences[e][t][i] = (100 * (sum - fullSum)) / size;
        means[e][i] += ratios[e][t][i] / frames.length;
      }
    }
    i++;
  }
  return entries.map((_, e) => ({
    relative: ratios[e].map((values) => percentileInterval(values)),
    difference: differences[e].map((values) => percentileInterval(values)),
    mean: percentileInterval(means[e]),
    means: means[e],
  }));
}

/** Interval of one entry's mean relative score less another's. */
export function leadInterval(own: EntryIntervals, other: EntryIntervals): Interval | undefined {
  return percentileInterval(own.means.map((value, i) => value - other.means[i]));
}
