/** @file Scores and answer-region recall by slice, by kind of question and by split, of synthetic samples. */
import { groupBy } from "../../../core/index.js";
import { mean } from "../../../math/index.js";
import { isAnswered } from "../../run/answer-record.js";
import type { Interval } from "../../stats/bootstrap.js";
import { pooledMeans, type SampleValues } from "./intervals.js";
import type { SampleFrame, TaskFrame } from "./scored-answers.js";
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
  /** 95 % interval of `recall`, of parts over all tasks. */
  readonly recallInterval?: Interval;
}

const KINDS: readonly PartKind[] = ["slice", "type", "split"];

/** Parts over all tasks first, then by task where there are several; in the order of first appearance. Empty for tasks without regions. */
export function breakdowns(frames: readonly TaskFrame[], groups: readonly SettingGroup[]): Breakdown[] {
  return KINDS.flatMap((by) => {
    const own = frames.flatMap((frame) =>
      Array.from(
        groupBy(frame.samples.keys(), (i) => frame.samples[i].region?.[by]),
        ([part, places]) => ({ part, task: frame.task.id, frame: frame.part(places) }),
      ),
    );
    const parts = [...groupBy(own, ({ part }) => part)];
    const pooled = parts.map(([part, of]) =>
      breakdown(
        { by, part },
        of.map(({ frame }) => frame),
        groups,
      ),
    );
    if (frames.length < 2) return pooled;
    const single = parts.flatMap(([part, of]) =>
      of.map(({ task, frame }) => breakdown({ by, part, task }, [frame], groups)),
    );
    return [...pooled, ...single];
  });
}

function breakdown(
  name: Pick<Breakdown, "by" | "part" | "task">,
  frames: readonly SampleFrame[],
  groups: readonly SettingGroup[],
): Breakdown {
  // By task there is no room for them on the page, and many parts would be drawn.
  const resampled = name.task === undefined;
  const scores = pooledMeans(frames, groups, (frame, group) => frame.scoresOf(group), { resampled });
  const recalls = pooledMeans(frames, groups, recallOf, { resampled });
  return {
    ...name,
    samples: frames.reduce((sum, { samples }) => sum + samples.length, 0),
    settings: groups.map((group, g) => ({
      setting: group.id,
      score: scores[g]?.value ?? 0,
      interval: scores[g]?.interval,
      recall: recalls[g]?.value,
      recallInterval: recalls[g]?.interval,
    })),
  };
}

/** Share of each sample's asked patches that stand in rows of their own; of several seeds, of those that answered. */
const recallOf: SampleValues = (frame, group) => {
  const lists = frame.rowsOf(group);
  return frame.samples.map((_, i) => {
    const shares = lists.flatMap((list) => {
      const { record, sample } = list[i];
      if (sample.picture === undefined || !isAnswered(record) || record.region === undefined) return [];
      return record.region.patches === 0 ? [] : [record.region.kept / record.region.patches];
    });
    return shares.length === 0 ? undefined : mean(shares);
  });
};
