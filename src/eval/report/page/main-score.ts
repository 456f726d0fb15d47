/** @file The one score that settings are ranked by: relative to all tokens, or, where that cannot be given, that of the questions. */
import { REFERENCE } from "../../run/settings.js";
import type { Interval } from "../../stats/bootstrap.js";
import { paretoFront } from "../../stats/curve.js";
import { LEAST_PICTURES } from "../numbers/intervals.js";
import type { ReportNumbers } from "../numbers/report-numbers.js";
import { percentOf, type SettingNumbers } from "../numbers/setting-numbers.js";
import { hundredfold, settingName } from "./format.js";

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
  /** Whether any setting has an interval of this score. */
  readonly hasIntervals: boolean;
  /** What must be said of the intervals: draws that are left out, settings that have none and why. Sentences. */
  readonly aboutIntervals: readonly string[];
  /** The settings with this score in the place of the relative one. */
  readonly settings: readonly ScoredSetting[];
}

/** A setting and the score that it is ranked by. */
export interface ScoredSetting extends SettingNumbers {
  readonly main?: number;
  readonly mainInterval?: Interval;
}

/** The score of a run, and its settings: all tokens first, then by score; those without one last. */
export function mainScore({
  settings,
  tasks,
  bootstrap,
}: Pick<ReportNumbers, "settings" | "tasks" | "bootstrap">): MainScore {
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
  const compared = ranked.filter(({ id, main }) => main !== undefined && !(isRelative && id === REFERENCE));
  const shared = {
    isRelative,
    hasIntervals: compared.some(({ mainInterval }) => mainInterval !== undefined),
    aboutIntervals: intervalWords(compared, { tasks, bootstrap }, isRelative),
    front,
    settings: ranked,
  };
  if (isRelative) return { title: "score, %", axis: "score, % of all tokens", ...shared };
  const missing = tasks.filter(({ full }) => full === undefined || full === 0);
  const names = missing.map(({ id, headline }) => `${id} (${headline})`).join(", ");
  const reason =
    missing.length > 0
      ? `There is no score relative to all tokens: the official metric of ${names} has no value with them (an F1 without a yes, nothing answered), or it is 0. The table has the mean score of a question instead.`
      : "There is no score relative to all tokens: the official metric of a task has no value. The table has the mean score of a question instead.";
  return { title: "score of 100", axis: "mean score of a question, of 100", reason, ...shared };
}

/** Those without score or tokens are passed over. */
function frontOf(settings: readonly ScoredSetting[]): string[] {
  const points = settings.flatMap(({ id, tokens, main }) =>
    tokens === undefined || main === undefined ? [] : [{ id, x: tokens.mean, y: main }],
  );
  const isBest = paretoFront(points);
  return points.filter((_, i) => isBest[i]).map(({ id }) => id);
}

/** @param compared settings with a score that an interval could be of. */
function intervalWords(
  compared: readonly ScoredSetting[],
  { tasks, bootstrap: { leftOut, resamples } }: Pick<ReportNumbers, "tasks" | "bootstrap">,
  isRelative: boolean,
): string[] {
  const few = tasks.filter(({ pictures }) => pictures < LEAST_PICTURES).map(({ id }) => id);
  if (few.length > 0) {
    return [
      `There are no intervals: they say what other pictures might give, which needs ${LEAST_PICTURES} of each task; ${few.join(", ")} ${few.length === 1 ? "has" : "have"} fewer.`,
    ];
  }
  const lacking = compared.filter(({ mainInterval }) => mainInterval === undefined);
  const left =
    isRelative && leftOut > 0 && lacking.length < compared.length
      ? [`${leftOut} of the ${resamples} draws are left out: all tokens have no official metric on them.`]
      : [];
  if (lacking.length === 0) return left;
  const which = lacking.length === compared.length ? "" : ` of ${lacking.map(settingName).join(", ")}`;
  const undrawn = "the official metric has no value on too many draws of the pictures (an F1 without a yes among them)";
  const reason = isRelative ? `${undrawn}, or every draw gives the same` : "every draw gives the same";
  return [...left, `There is no interval${which}: ${reason}; more pictures help.`];
}
