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
    return { isRelative, title: "score, %", axis: "score, % of all tokens", front, settings: ranked };
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
