/** @file A line of a report as data. */

import type { Spread } from "../../../math/index.js";
import type { Interval } from "../../stats/bootstrap.js";
import type { Entry } from "./entries.js";
import type { EntryCosts } from "./entry-costs.js";
import type { EntryTask } from "./entry-tasks.js";

/** An entry over all tasks. */
export interface EntryNumbers extends Entry {
  /** Kept visual tokens per question with a picture, of all tasks together. */
  readonly tokens?: Spread;
  /** Kept counts, ascending, of entries that find their own: for the distribution. */
  readonly counts?: readonly number[];
  /** Mean share of visual tokens that stay, 0 to 1. */
  readonly retention?: number;
  /** Mean over the tasks of the relative score, percent; undefined where a task has none. */
  readonly relative?: number;
  /** 95 % interval of the same mean of the questions' scores. */
  readonly interval?: Interval;
  /** Of several seeds: the least and the greatest `relative` among them. */
  readonly seeds?: Interval;
  readonly tasks: readonly EntryTask[];
  readonly costs?: EntryCosts;
}
