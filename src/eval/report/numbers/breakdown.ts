/** @file Scores and answer-region recall by slice, by kind of question and by split, of synthetic samples. */
import { groupBy } from "../../../core/index.js";
import { mean } from "../../../math/index.js";
import { isAnswered } from "../../run/answer-record.js";
import {
  BOOTSTRAP,
  clusterSums,
  drawClusters,
  drawnSum,
  type Interval,
  percentileInterval,
} from "../../stats/bootstrap.js";
import { numbered, type TaskFrame } from "./scored-answers.js";
import type { SettingGroup } from "./setting-groups.js";

/** Facts that samples are told apart by. */
export type PartKind = "slice" | "type" | "split";

/** A part of the samples, and the numbers of each setting on it. */
export interface Breakdown {
  /** The fact that makes the part. */
  readonly by: PartKind;
  /** The fact's value: a slice's name, a kind of question. */
  readonly part: string;
  /** Undefined: the samples of all tasks together. */
  readonly task?: string;
  /** Number of samples in the part. */
  readonly samples: number;
  readonly settings: readonly SettingPart[];
}

/** One setting on a part. */
export interface SettingPart {
  /** Id of the setting. */
  readonly setting: string;
  /** Mean score of a question, 0 to 1; the mean over seeds. */
  readonly score: number;
  /** 95 % interval of `score`, of parts over all tasks. */
  readonly interval?: Interval;
  /** Mean share of the asked patches that stand in rows of their own; undefined where no sample has any. */
  readonly recall?: number;
}

/** Places of a part's samples in one task. */
interface Places {
  readonly frame: TaskFrame;
  readonly places: readonly number[];
}

const KINDS: readonly PartKind[] = ["slice", "type", "split"];

/** Parts over all tasks first, then by task where there are several; in the order of first appearance. Empty for tasks without regions. */
export function breakdowns(frames: readonly TaskFrame[], groups: readonly SettingGroup[]): Breakdown[] {
  return KINDS.flatMap((by) => {
    const parts = [...partsBy(frames, by)];
    const pooled = parts.map(([part, of]) => breakdown({ by, part }, of, groups));
    if (frames.length < 2) return pooled;
    const single = parts.flatMap(([part, of]) =>
      of.map((own) => breakdown({ by, part, task: own.frame.task.id }, [own], groups)),
    );
    return [...pooled, ...single];
  });
}

function partsBy(frames: readonly TaskFrame[], by: PartKind): Map<string, Places[]> {
  const parts = frames.flatMap((frame) =>
    Array.from(
      groupBy(frame.samples.keys(), (i) => frame.samples[i].region?.[by]),
      ([part, places]) => ({ part, frame, places }),
    ),
  );
  return groupBy(parts, ({ part }) => part);
}

function breakdown(
  name: Pick<Breakdown, "by" | "part" | "task">,
  of: readonly Places[],
  groups: readonly SettingGroup[],
): Breakdown {
  const scores = groups.map((group) =>
    of.map(({ frame, places }) => {
      const all = frame.scoresOf(group);
      return places.map((place) => all[place]);
    }),
  );
  const intervals = name.task === undefined ? scoreIntervals(of, scores) : [];
  return {
    ...name,
    samples: of.reduce((sum, { places }) => sum + places.length, 0),
    settings: groups.map((group, g) => ({
      setting: group.id,
      score: mean(scores[g].flat()),
      interval: intervals[g],
      recall: recall(of, group),
    })),
  };
}

/** One per group of settings: pictures of the part are drawn within each task. */
function scoreIntervals(of: readonly Places[], scores: readonly (readonly number[][])[]): (Interval | undefined)[] {
  const clusters = of.map(({ frame, places }) => numbered(places.map((place) => frame.picture[place])));
  const sumsOf = (lists: readonly number[][]) =>
    lists.map((list, p) => clusterSums(list, clusters[p].of, clusters[p].count));
  const sizes = sumsOf(of.map(({ places }) => places.map(() => 1)));
  const sums = scores.map(sumsOf);
  const total = (counts: readonly Uint32Array[], values: readonly Float64Array[]) =>
    values.reduce((all, own, p) => all + drawnSum(counts[p], own), 0);
  const means = scores.map(() => new Float64Array(BOOTSTRAP.resamples));
  let i = 0;
  for (const counts of drawClusters(clusters.map(({ count }) => count))) {
    const size = total(counts, sizes);
    for (const [g, own] of sums.entries()) means[g][i] = total(counts, own) / size;
    i++;
  }
  return means.map((values) => percentileInterval(values));
}

function recall(of: readonly Places[], group: SettingGroup): number | undefined {
  const shares = of.flatMap(({ frame, places }) =>
    frame.rowsOf(group).flatMap((rows) =>
      places.flatMap((place) => {
        const { record } = rows[place];
        const region = isAnswered(record) ? record.region : undefined;
        return region === undefined || region.patches === 0 ? [] : [region.kept / region.patches];
      }),
    ),
  );
  return shares.length === 0 ? undefined : mean(shares);
}
