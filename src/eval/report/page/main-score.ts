/** @file The one score that settings are ranked by: relative to all tokens, or, where that cannot be given, that of the questions. */
import { REFERENCE } from "../../run/settings.js";
import type { Interval } from "../../stats/bootstrap.js";
import { paretoFront } from "../../stats/curve.js";
import type { ReportNumbers } from "../numbers/report-numbers.js";
import { percentOf, type SettingNumbers } from "../numbers/setting-numbers.js";
import { hundredfold } from "./format.js";

/** A score of every setting. */
export interface MainScore {
  /** Whether it is relative to all tokens: the mean over the tasks of the official metrics. */
  readonly isRelative: boolean;
  /** Heading of its column, and title of its axis. */
  readonly title: string;
  readonly axis: string;
  /** Why it is not the relative score; undefined where it is. */
  readonly reason?: string;
  /** Ids of the settings that no other beats: none has a higher score at as few tokens. */
  readonly front: readonly string[];
  /** Why settings with this score have no interval of it: a sentence; undefined where all have one. */
  readonly noInterval?: string;
  /** Whether the table has the intervals of the questions' mean score instead: where no setting has one of this score. */
  readonly questionIntervals: boolean;
  /** The settings with this score in the place of the relative one. */
  readonly settings: readonly ScoredSetting[];
}

/** A setting and the score that it is ranked by. */
export interface ScoredSetting extends SettingNumbers {
  readonly main?: number;
  readonly mainInterval?: Interval;
}

/** The score of a run, and its settings: all tokens first, then by score; those without one last. */
export function mainScore({ settings, tasks }: Pick<ReportNumbers, "settings" | "tasks">): MainScore {
  const others = settings.filter(({ id }) => id !== REFERENCE);
  const isAnswered = settings.some(({ score }) => score !== undefined);
  const isRelative = !isAnswered || others.length === 0 || others.some(({ relative }) => relative !== undefined);
  const scored = settings.map((setting): ScoredSetting => {
    const { relative, interval, score, scoreInterval } = setting;
    if (isRelative) return { ...setting, main: relative, mainInterval: interval };
    return { ...setting, main: percentOf(score, 1), mainInterval: hundredfold(scoreInterval) };
  });
  const rank = ({ id, main }: ScoredSetting) => (id === REFERENCE ? Infinity : (main ?? -Infinity));
  const ranked = scored.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)));
  const front = frontOf(ranked);
  if (isRelative) {
    const about = intervalFacts({ settings: ranked, tasks });
    return { isRelative, title: "score, %", axis: "score, % of all tokens", ...about, front, settings: ranked };
  }
  const missing = tasks.filter(({ full }) => full === undefined || full === 0);
  const names = missing.map(({ id, headline }) => `${id} (${headline})`).join(", ");
  const reason =
    missing.length > 0
      ? `There is no score relative to all tokens: the official metric of ${names} has no value with them (an F1 without a yes, nothing answered), or it is 0. The table has the mean score of a question instead.`
      : "There is no score relative to all tokens: the official metric of a task has no value. The table has the mean score of a question instead.";
  return {
    isRelative,
    title: "score of 100",
    axis: "mean score of a question, of 100",
    reason,
    questionIntervals: false,
    front,
    settings: ranked,
  };
}

/** Those without score or tokens are passed over. */
function frontOf(settings: readonly ScoredSetting[]): string[] {
  const points = settings.flatMap(({ id, tokens, main }) =>
    tokens === undefined || main === undefined ? [] : [{ id, x: tokens.mean, y: main }],
  );
  const isBest = paretoFront(points);
  return points.filter((_, i) => isBest[i]).map(({ id }) => id);
}

/** What is said where draws of the pictures have no value of an official metric: an F1 without a yes among them. */
function intervalFacts({
  settings,
  tasks,
}: Pick<MainScore, "settings"> & Pick<ReportNumbers, "tasks">): Pick<MainScore, "noInterval" | "questionIntervals"> {
  const scored = settings.filter(({ id, main }) => id !== REFERENCE && main !== undefined);
  const lacking = scored.filter(({ mainInterval }) => mainInterval === undefined);
  if (lacking.length === 0) return { questionIntervals: false };
  const names = tasks
    .filter((_, t) => lacking.some((setting) => setting.tasks[t].relativeInterval === undefined))
    .map(({ id, headline }) => `${id} (${headline})`);
  const metric = names.length === 0 ? "an official metric" : `the official metric of ${names.join(", ")}`;
  const which =
    lacking.length === scored.length ? "of the score" : `of the score of ${lacking.map(({ id }) => id).join(", ")}`;
  return {
    noInterval: `There is no interval ${which}: ${metric} has no value on some draws, as an F1 without a yes among them; more pictures help.`,
    questionIntervals:
      lacking.length === scored.length && scored.every(({ scoreInterval }) => scoreInterval !== undefined),
  };
}

/** A share as points of 100. */
export function hundred(value: number | undefined): number | undefined {
  return value === undefined ? undefined : 100 * value;
}

/** Its interval. */
export function intervalOf100(interval: Interval | undefined): Interval | undefined {
  return interval && { low: 100 * interval.low, high: 100 * interval.high };
}
