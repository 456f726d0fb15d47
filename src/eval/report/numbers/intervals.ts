/** @file Intervals of all settings from the same resamples of pictures, so that differences between settings are paired. */
import { mean } from "../../../math/index.js";
import {
  BOOTSTRAP,
  clusterSums,
  drawClusters,
  drawnSum,
  type Interval,
  percentileInterval,
} from "../../stats/bootstrap.js";
import type { Row, TaskFrame } from "./scored-answers.js";
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
  readonly means: Float64Array;
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
  const sums = frames.map((frame) => groups.map((group) => groupSums(frame, group)));
  const sizes = frames.map(({ picture, pictures }) =>
    clusterSums(new Float64Array(picture.length).fill(1), picture, pictures),
  );
  const empty = () => new Float64Array(BOOTSTRAP.resamples);
  const relative = groups.map(() => frames.map(empty));
  const difference = groups.map(() => frames.map(empty));
  const means = groups.map(empty);
  let i = 0;
  for (const counts of drawClusters(frames.map(({ pictures }) => pictures))) {
    for (const [t, drawn] of counts.entries()) {
      const headlines = sums[t].map(({ members }) => headlineOf(frames[t], members, drawn));
      const scores = sums[t].map((own) => drawnSum(drawn, own.scores));
      const size = drawnSum(drawn, sizes[t]);
      for (const g of groups.keys()) {
        relative[g][t][i] = (100 * headlines[g]) / headlines[full];
        difference[g][t][i] = (100 * (scores[g] - scores[full])) / size;
        means[g][i] += relative[g][t][i] / frames.length;
      }
    }
    i++;
  }
  return groups.map((_, g) => ({
    tasks: frames.map((_, t) => ({
      relative: percentileInterval(relative[g][t]),
      difference: percentileInterval(difference[g][t]),
    })),
    mean: percentileInterval(means[g]),
    means: means[g],
  }));
}

/** A group's sums by picture. */
interface GroupSums {
  /** Of each member: the counts that its headline metric follows from, a list per count. */
  readonly members: readonly (readonly Float64Array[])[];
  readonly scores: Float64Array;
}

function groupSums(frame: TaskFrame, group: SettingGroup): GroupSums {
  return {
    members: frame.rowsOf(group).map((rows) => countSums(frame, rows)),
    scores: clusterSums(frame.scoresOf(group), frame.picture, frame.pictures),
  };
}

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
function headlineOf({ combination }: TaskFrame, members: GroupSums["members"], drawn: Uint32Array): number {
  return mean(members.map((sums) => combination.value(sums.map((own) => drawnSum(drawn, own))) ?? Number.NaN));
}

/** Interval of one group's mean relative score less another's. */
export function leadInterval(own: GroupIntervals, other: GroupIntervals): Interval | undefined {
  return percentileInterval(own.means.map((value, i) => value - other.means[i]));
}
