/** @file Intervals of all settings from the same resamples of pictures, so that differences between settings are paired. */
import { mean } from "../../../math/index.js";
import { clusterSums, drawClusters, drawnSum, type Interval, percentileInterval } from "../../stats/bootstrap.js";
import type { Row, SampleFrame, TaskFrame } from "./scored-answers.js";
import type { SettingGroup } from "./setting-groups.js";

/** Resampled values of one group. */
export interface GroupIntervals {
  /** One per task, in the tasks' order. */
  readonly tasks: readonly {
    /** The headline metric, computed anew from each resample, relative to that of all tokens; percent. */
    readonly relative?: Interval;
    /** Mean score of a question less that of all tokens, points of 100. */
    readonly difference?: Interval;
  }[];
  /** Mean over the tasks of the relative headline metrics. */
  readonly mean: Interval | undefined;
  /** The values behind `mean`: one per resample. */
  readonly means: readonly number[];
}

/**
 * Draws pictures within each task, anew for each resample.
 *
 * @param groups the reference among them.
 * @returns one per group, in their order.
 */
export function groupIntervals(
  frames: readonly TaskFrame[],
  groups: readonly SettingGroup[],
  reference: SettingGroup,
): GroupIntervals[] {
  const full = groups.indexOf(reference);
  const sums = frames.map((frame) => groups.map((group) => scoreSums(frame, group)));
  const counts = frames.map((frame) =>
    groups.map((group) => frame.rowsOf(group).map((rows) => countSums(frame, rows))),
  );
  const sizes = frames.map(sampleCounts);
  const draws = Array.from(drawPictures(frames), (drawn) =>
    frames.map((frame, t) => {
      const headlines = counts[t].map((members) => headlineOf(frame, members, drawn[t]));
      const scores = sums[t].map((own) => drawnSum(drawn[t], own));
      const size = drawnSum(drawn[t], sizes[t]);
      return groups.map((_, g) => ({
        relative: (100 * headlines[g]) / headlines[full],
        difference: (100 * (scores[g] - scores[full])) / size,
      }));
    }),
  );
  return groups.map((_, g) => {
    const interval = (t: number, which: "relative" | "difference") =>
      percentileInterval(draws.map((draw) => draw[t][g][which]));
    const means = draws.map((draw) => draw.reduce((sum, task) => sum + task[g].relative / frames.length, 0));
    return {
      tasks: frames.map((__, t) => ({ relative: interval(t, "relative"), difference: interval(t, "difference") })),
      mean: percentileInterval(means),
      means,
    };
  });
}

/** 95 % intervals of the mean score of a question of all tasks together: one per group. */
export function meanScoreIntervals(
  frames: readonly SampleFrame[],
  groups: readonly SettingGroup[],
): (Interval | undefined)[] {
  const sizes = frames.map(sampleCounts);
  const sums = groups.map((group) => frames.map((frame) => scoreSums(frame, group)));
  const draws = Array.from(drawPictures(frames), (drawn) => {
    const total = (lists: readonly Float64Array[]) => lists.reduce((sum, own, t) => sum + drawnSum(drawn[t], own), 0);
    const size = total(sizes);
    return sums.map((own) => total(own) / size);
  });
  return groups.map((_, g) => percentileInterval(draws.map((draw) => draw[g])));
}

function drawPictures(frames: readonly SampleFrame[]) {
  return drawClusters(frames.map(({ pictures }) => pictures));
}

function scoreSums({ scoresOf, picture, pictures }: SampleFrame, group: SettingGroup): Float64Array {
  return clusterSums(scoresOf(group), picture, pictures);
}

/** Number of samples of each picture. */
function sampleCounts({ picture, pictures }: SampleFrame): Float64Array {
  return clusterSums(new Float64Array(picture.length).fill(1), picture, pictures);
}

/** Of each picture: the counts that the headline metric of rows follows from, a list per count. */
function countSums({ combination, picture, pictures }: TaskFrame, rows: readonly Row[]): Float64Array[] {
  const counts = combination.counts(
    rows.map(({ sample, record, score }) => ({ ...sample, answer: record.text, score })),
  );
  return Array.from(counts[0], (_, c) =>
    clusterSums(
      counts.map((own) => own[c]),
      picture,
      pictures,
    ),
  );
}

/** The headline metric of a resample, the mean over members; NaN where one has none. */
function headlineOf(
  { combination }: TaskFrame,
  members: readonly (readonly Float64Array[])[],
  drawn: Uint32Array,
): number {
  return mean(members.map((sums) => combination.value(sums.map((own) => drawnSum(drawn, own))) ?? Number.NaN));
}

/** Interval of one group's mean relative score less another's. */
export function leadInterval(own: GroupIntervals, other: GroupIntervals): Interval | undefined {
  return percentileInterval(own.means.map((value, i) => value - other.means[i]));
}
