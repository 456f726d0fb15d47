/** @file Scores and answer-region recall by slice, by kind of question and by half, of synthetic samples. */

import { groupBy } from "../../../core/index.js";
import { mean } from "../../../math/index.js";
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

/** What samples are grouped by. */
export type GroupKind = "slice" | "type" | "half";

/** A group of samples and what each entry makes of it. */
export interface Breakdown {
  readonly by: GroupKind;
  readonly group: string;
  /** Undefined: the samples of all tasks together. */
  readonly task?: string;
  readonly samples: number;
  readonly entries: readonly EntryGroup[];
}

/** One entry on a group. */
export interface EntryGroup {
  readonly entry: string;
  /** Mean score of a question, 0 to 1; the mean over seeds. */
  readonly score: number;
  /** 95 % interval of `score`, of groups over all tasks. */
  readonly interval?: Interval;
  /** Mean share of the asked patches that stand in rows of their own; undefined where no sample has any. */
  readonly recall?: number;
}

/** Places of a group's samples in one task. */
interface Part {
  readonly frame: TaskFrame;
  readonly places: readonly number[];
}

const KINDS: readonly GroupKind[] = ["slice", "type", "half"];

/** Groups over all tasks first, then by task where there are several; in the order of first appearance. Empty for tasks without regions. */
export function breakdowns(
  frames: readonly TaskFrame[],
  { entries, reference }: { readonly entries: readonly Entry[]; readonly reference: Entry },
  options: Required<BootstrapOptions>,
): Breakdown[] {
  return KINDS.flatMap((by) => {
    const groups = groupsBy(frames, by, reference);
    const pooled = [...groups].map(([group, parts]) => breakdown({ by, group, parts, entries, options }));
    if (frames.length < 2) return pooled;
    const single = [...groups].flatMap(([group, parts]) =>
      parts.map((part) => breakdown({ by, group, parts: [part], entries, task: part.frame.task.id })),
    );
    return [...pooled, ...single];
  });
}

function groupsBy(frames: readonly TaskFrame[], by: GroupKind, reference: Entry): Map<string, Part[]> {
  const parts = frames.flatMap((frame) => {
    const rows = frame.rowsOf(reference)[0];
    return Array.from(
      groupBy(rows.keys(), (i) => rows[i][by]),
      ([group, places]) => ({ group, frame, places }),
    );
  });
  return groupBy(parts, ({ group }) => group);
}

interface Grouped {
  readonly by: GroupKind;
  readonly group: string;
  readonly parts: readonly Part[];
  readonly entries: readonly Entry[];
  readonly task?: string;
  /** Undefined: no intervals. */
  readonly options?: Required<BootstrapOptions>;
}

function breakdown({ by, group, parts, entries, task, options }: Grouped): Breakdown {
  const scores = entries.map((entry) => parts.map(({ frame, places }) => takeAt(frame.scoresOf(entry), places)));
  const intervals = options === undefined ? [] : scoreIntervals(parts, scores, options);
  return {
    by,
    group,
    ...(task !== undefined && { task }),
    samples: parts.reduce((sum, { places }) => sum + places.length, 0),
    entries: entries.map((entry, e) => ({
      entry: entry.id,
      score: mean(scores[e].flat()),
      ...(intervals[e] !== undefined && { interval: intervals[e] }),
      ...recall(parts, entry),
    })),
  };
}

function takeAt(values: Float64Array, places: readonly number[]): number[] {
  return places.map((place) => values[place]);
}

/** One per entry: pictures of the group are drawn within each task. */
function scoreIntervals(
  parts: readonly Part[],
  scores: readonly (readonly number[][])[],
  options: Required<BootstrapOptions>,
): (Interval | undefined)[] {
  const clusters = parts.map(({ frame, places }) => renumber(places.map((place) => frame.picture[place])));
  const sumsOf = (lists: readonly number[][]) =>
    lists.map((list, p) => clusterSums(list, clusters[p].of, clusters[p].count));
  const sizes = sumsOf(parts.map(({ places }) => places.map(() => 1)));
  const sums = scores.map(sumsOf);
  const total = (counts: readonly Uint32Array[], parts: readonly Float64Array[]) =>
    parts.reduce((all, values, p) => all + drawnSum(counts[p], values), 0);
  const means = scores.map(() => new Float64Array(options.resamples));
  let i = 0;
  for (const counts of drawClusters(
    clusters.map(({ count }) => count),
    options,
  )) {
    const size = total(counts, sizes);
    for (const [e, own] of sums.entries()) means[e][i] = total(counts, own) / size;
    i++;
  }
  return means.map((values) => percentileInterval(values));
}

/** Numbers from 0 without gaps in place of others. */
function renumber(ids: readonly number[]): { readonly of: readonly number[]; readonly count: number } {
  const numbers = new Map<number, number>();
  for (const id of ids) if (!numbers.has(id)) numbers.set(id, numbers.size);
  return { of: ids.map((id) => numbers.get(id) as number), count: numbers.size };
}

function recall(parts: readonly Part[], entry: Entry): Pick<EntryGroup, "recall"> {
  const shares = parts.flatMap(({ frame, places }) =>
    frame.rowsOf(entry).flatMap((rows) =>
      places.flatMap((place) => {
        const { region } = rows[place].compression;
        return region === undefined || region.patches === 0 ? [] : [region.kept / region.patches];
      }),
    ),
  );
  return shares.length === 0 ? {} : { recall: mean(shares) };
}
