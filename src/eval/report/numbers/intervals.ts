/** @file Intervals of all settings from the same resamples of pictures, so that differences between settings are paired. */
import { mean } from "../../../math/index.js";
import { clusterSums, drawClusters, drawnSum, type Interval, percentileInterval } from "../../stats/bootstrap.js";
import type { Row, SampleFrame, TaskFrame } from "./scored-answers.js";
import type { SettingGroup } from "./setting-groups.js";

/** Resampled values of one group, one per resample. */
export interface GroupDraws {
  /** One per task, in the tasks' order. */
  readonly tasks: readonly TaskDraws[];
  /** Mean over the tasks of the relative headline metrics; none if a task has one picture. Values as `TaskDraws.relative` has them. */
  readonly means: readonly number[];
  /** The same mean over the open tasks alone; none where there are none. */
  readonly open: readonly number[];
}

/** Resampled values of one group on one task; none of a task with one picture, which each resample would be. */
export interface TaskDraws {
  /**
   * The headline metric, computed anew from each resample, relative to that of all tokens; percent. Resamples on which all tokens have no value
   * are left out, and none stay where these are most of them. Where the group alone has no value (an F1 without a hit) it is minus
   * infinity, the least.
   */
  readonly relative: readonly number[];
  /** Mean score of a question less that of all tokens, points of 100. */
  readonly difference: readonly number[];
}

/**
 * Draws pictures within each task, anew for each resample.
 *
 * @param groups the reference among them.
 * @returns `draws`: one per group, in their order; `leftOut`: number of resamples on which all tokens have no value on a task.
 */
export function groupDraws(
  frames: readonly TaskFrame[],
  groups: readonly SettingGroup[],
  reference: SettingGroup,
): { readonly draws: readonly GroupDraws[]; readonly leftOut: number } {
  const full = groups.indexOf(reference);
  const sums = frames.map((frame) => groups.map((group) => scoreSums(frame, group)));
  const counts = frames.map((frame) =>
    groups.map((group) => frame.rowsOf(group).map((rows) => countSums(frame, rows))),
  );
  const sizes = frames.map(sampleCounts);
  const resamples = Array.from(drawPictures(frames), (drawn) =>
    frames.map((frame, t) => {
      const headlines = counts[t].map((members) => headlineOf(frame, members, drawn[t]));
      const relative = (g: number) => (Number.isNaN(headlines[g]) ? -Infinity : 100 * (headlines[g] / headlines[full]));
      const scores = sums[t].map((own) => drawnSum(drawn[t], own));
      const size = drawnSum(drawn[t], sizes[t]);
      return groups.map((_, g) => ({
        relative: Number.isNaN(headlines[full]) ? undefined : relative(g),
        difference: (100 * (scores[g] - scores[full])) / size,
      }));
    }),
  );
  const ofTask = frames.map((frame) => (isDrawn(frame) ? resamples : []));
  const ofAll = frames.every(isDrawn) ? resamples : [];
  const open = [...frames.keys()].filter((t) => frames[t].task.open);
  const ofOpen = open.length > 0 && open.every((t) => isDrawn(frames[t])) ? resamples : [];
  const draws = groups.map((_, g) => ({
    tasks: frames.map((__, t) => ({
      relative: withValue(ofTask[t].map((tasks) => tasks[t][g].relative)),
      difference: ofTask[t].map((tasks) => tasks[t][g].difference),
    })),
    means: withValue(ofAll.map((tasks) => meanOfTasks(tasks.map((task) => task[g].relative)))),
    open: withValue(ofOpen.map((tasks) => meanOfTasks(open.map((t) => tasks[t][g].relative)))),
  }));
  return {
    draws,
    leftOut: ofAll.filter((tasks) => tasks.some((task) => task[full].relative === undefined)).length,
  };
}

/** Undefined where a task has no value. */
function meanOfTasks(values: readonly (number | undefined)[]): number | undefined {
  return values.every((value) => value !== undefined)
    ? values.reduce((sum, value) => sum + value / values.length, 0)
    : undefined;
}

/** Least share of the resamples that must have a value: those that are left say little of the pictures where they are the fewer. */
const LEAST_DRAWS = 0.5;

/** Values of the resamples that have one; none where these are too few. */
function withValue(values: readonly (number | undefined)[]): number[] {
  const known = values.filter((value) => value !== undefined);
  return known.length < LEAST_DRAWS * values.length ? [] : known;
}

/** One value per sample that has one; of several members of a group their mean. */
export type SampleValues<G = SettingGroup> = (frame: SampleFrame, group: G) => ArrayLike<number | undefined>;

/** An estimate and its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly interval?: Interval;
}

/**
 * Means of a value over the samples of all tasks together: one per group, undefined where no sample has a value. Without an interval if a
 * task has one picture.
 *
 * @param resampled whether with intervals.
 */
export function pooledMeans<G>(
  frames: readonly SampleFrame[],
  groups: readonly G[],
  valuesOf: SampleValues<G>,
  { resampled = true }: { readonly resampled?: boolean } = {},
): (Estimate | undefined)[] {
  const values = groups.map((group) => frames.map((frame) => Array.from(valuesOf(frame, group))));
  const draws = resampled && frames.every(isDrawn) ? drawnMeans(frames, values) : [];
  return values.map((own, g) => {
    const known = own.flat().filter((value) => value !== undefined);
    if (known.length === 0) return undefined;
    const value = mean(known);
    const drawn = draws.map((draw) => draw[g]);
    return { value, interval: percentileInterval(drawn, value) };
  });
}

/** Per resample the mean of each group's values. @param values of each group by task and sample. */
function drawnMeans(
  frames: readonly SampleFrame[],
  values: readonly (readonly (readonly (number | undefined)[])[])[],
): number[][] {
  const sums = values.map((own) =>
    own.map((list, t) => {
      const { picture, pictures } = frames[t];
      const of = (each: (value: number | undefined) => number) => clusterSums(list.map(each), picture, pictures);
      return { totals: of((value) => value ?? 0), counts: of((value) => (value === undefined ? 0 : 1)) };
    }),
  );
  return Array.from(drawPictures(frames), (drawn) =>
    sums.map((own) => {
      const total = (which: "totals" | "counts") =>
        own.reduce((sum, task, t) => sum + drawnSum(drawn[t], task[which]), 0);
      return total("totals") / total("counts");
    }),
  );
}

/** Fewest pictures of a task that say how much another draw would differ. */
export const LEAST_PICTURES = 2;

function isDrawn({ pictures }: SampleFrame): boolean {
  return pictures >= LEAST_PICTURES;
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

/**
 * Interval of one group's mean relative score less another's.
 *
 * @param by the difference itself. @param which mean: over all tasks, or over the open ones.
 */
export function leadInterval(
  own: GroupDraws,
  other: GroupDraws,
  by: number | undefined,
  which: "means" | "open" = "means",
): Interval | undefined {
  return percentileInterval(
    // Two that both have no value are equal: infinities have no difference.
    own[which].map((value, i) => (value === other[which][i] ? 0 : value - other[which][i])),
    by,
  );
}
