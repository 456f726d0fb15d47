/** @file A line of a report as data: a setting, or a group over seeds, on each task and over all. */
import type { Told } from "../../../core/index.js";
import { mean, type Spread, spread } from "../../../math/index.js";
import { type AgreementShare, agreementShare, type ComparedAnswers } from "../../agreement/agreement.js";
import { isAnswered } from "../../run/answer-record.js";
import { type Interval, percentileInterval } from "../../stats/bootstrap.js";
import { type Flips, flips, mcnemarExact } from "../../stats/mcnemar.js";
import type { TaskDraws } from "./intervals.js";
import type { Row, TaskFrame } from "./scored-answers.js";
import type { SettingCosts } from "./setting-costs.js";
import type { SettingGroup } from "./setting-groups.js";

/** A group's scores on a task. Of several seeds everything is the mean over them. */
export interface SettingTask {
  /** Id of the task. */
  readonly task: string;
  /** The task's headline metric; undefined where the official script gives none, or nothing was answered. */
  readonly value?: number;
  /** `value` relative to that of all tokens, percent; undefined where either is missing, or that of all tokens is 0. */
  readonly relative?: number;
  /** 95 % interval of `relative`: the metric is computed anew from each resample. */
  readonly relativeInterval?: Interval;
  /** Mean score of a question, 0 to 1; a failed sample counts 0. Undefined where nothing was answered. */
  readonly score?: number;
  /** `score` relative to that of all tokens, percent. */
  readonly scoreRelative?: number;
  /** `score` less that of all tokens, points of 100, and its 95 % interval. */
  readonly difference?: number;
  readonly differenceInterval?: Interval;
  /** Answers that turned against those of all tokens. */
  readonly flips: Flips;
  /** Exact p of McNemar's test against all tokens; undefined for the reference and for several seeds. */
  readonly mcnemar?: number;
  /** Answers that stayed as with all tokens. */
  readonly agreement: AgreementShare;
  /** Kept visual tokens per question with a picture. */
  readonly tokens?: Spread;
  /** Failed samples, of all seeds together. */
  readonly failed: number;
}

/** A group over all tasks. */
export interface SettingNumbers extends SettingGroup {
  /** Kept visual tokens per question with a picture, of all tasks together. */
  readonly tokens?: Spread;
  /** Kept counts, ascending, of settings that find their own: for the distribution. */
  readonly counts?: readonly number[];
  /** Mean share of visual tokens that stay, 0 to 1. */
  readonly retention?: number;
  /** Mean over the tasks of the relative score, percent; undefined where a task has none. */
  readonly relative?: number;
  /** 95 % interval of `relative`. */
  readonly interval?: Interval;
  /** The same mean over the open tasks, whose answers are no letters of options, and its interval; undefined where there are none. */
  readonly open?: number;
  readonly openInterval?: Interval;
  /** Of several seeds: the least and the greatest `relative` among them. */
  readonly seeds?: Interval;
  /** Mean score of a question of all tasks together, 0 to 1, and its 95 % interval: there where an official metric is missing, too. */
  readonly score?: number;
  readonly scoreInterval?: Interval;
  /** Answers that stayed as with all tokens, of all tasks together. */
  readonly agreement: AgreementShare;
  /** Mean KL of the first token from all tokens, nats, and its interval; undefined in runs without `--logits`. */
  readonly kl?: number;
  readonly klInterval?: Interval;
  readonly tasks: readonly SettingTask[];
  /** What the decoder was told of the rows; undefined where no answer says. */
  readonly told?: Told;
  readonly costs?: SettingCosts;
}

/** Numbers of a group on a task. @param draws of the group on this task. */
export function settingTask(
  frame: TaskFrame,
  group: SettingGroup,
  reference: SettingGroup,
  draws: TaskDraws,
): SettingTask {
  const lists = frame.rowsOf(group);
  const [full] = frame.rowsOf(reference);
  const [score, fullScore] = [meanScore(frame, group), meanScore(frame, reference)];
  const [value, fullValue] = [frame.headlineOf(group), frame.headlineOf(reference)];
  const scoresOf = (rows: readonly Row[]) => rows.map((row) => row.score);
  const turns = lists.map((rows) => flips(scoresOf(full), scoresOf(rows)));
  const relative = percentOf(value, fullValue);
  const difference = score === undefined || fullScore === undefined ? undefined : 100 * (score - fullScore);
  const isPaired = lists.length === 1 && group.id !== reference.id;
  return {
    task: frame.task.id,
    value,
    relative,
    relativeInterval: percentileInterval(draws.relative, relative),
    score,
    scoreRelative: percentOf(score, fullScore),
    difference,
    differenceInterval: percentileInterval(draws.difference, difference),
    flips: {
      rightToWrong: mean(turns.map(({ rightToWrong }) => rightToWrong)),
      wrongToRight: mean(turns.map(({ wrongToRight }) => wrongToRight)),
      samples: full.length,
    },
    mcnemar: isPaired ? mcnemarExact(turns[0]) : undefined,
    agreement: agreementShare([comparedAnswers(frame, group, reference)]),
    tokens: spread(frame.answersOf(group).map(({ tokens }) => tokens.kept)),
    failed: lists.flat().filter(({ record }) => !isAnswered(record)).length,
  };
}

/** Answers of a group on a task, for its agreement. */
export function comparedAnswers(frame: TaskFrame, group: SettingGroup, reference: SettingGroup): ComparedAnswers {
  const recordsOf = (rows: readonly Row[]) => rows.map(({ record }) => record);
  const [full] = frame.rowsOf(reference);
  return { reference: recordsOf(full), settings: frame.rowsOf(group).map(recordsOf), pictures: frame.picture };
}

function meanScore(frame: TaskFrame, group: SettingGroup): number | undefined {
  const isAnyAnswered = frame.rowsOf(group).some((rows) => rows.some(({ record }) => isAnswered(record)));
  return isAnyAnswered ? mean([...frame.scoresOf(group)]) : undefined;
}

/** Undefined where either is missing, or the second is 0. */
export function percentOf(value: number | undefined, full: number | undefined): number | undefined {
  return value === undefined || full === undefined || full === 0 ? undefined : 100 * (value / full);
}
