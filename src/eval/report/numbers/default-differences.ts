/** @file Each setting beside the model's own method at the same budget: differences by every yardstick, paired by picture. */
import { budgetId } from "../../run/settings.js";
import { toldWords } from "../../run/told.js";
import { type Estimate, type GroupDraws, leadInterval, pooledMeans, type SampleValues } from "./intervals.js";
import type { TaskFrame } from "./scored-answers.js";
import type { SettingGroup } from "./setting-groups.js";
import type { SettingNumbers } from "./setting-numbers.js";
import { divergences, unchangedAnswers } from "./yardsticks.js";

/** A setting's numbers less those of the default, with 95 % intervals of the differences. */
export interface DefaultDifference {
  /** Ids of the setting, and of the default's. */
  readonly setting: string;
  readonly to: string;
  /** Scores relative to all tokens, over all tasks and over the open ones, points. Undefined where one has none. */
  readonly relative?: Estimate;
  readonly open?: Estimate;
  /** Unchanged answers, points of 100, over the questions that both answered. */
  readonly unchanged?: Estimate;
  /** KL of the first token, nats, over the same questions. Above 0: the default is nearer to all tokens. */
  readonly kl?: Estimate;
}

/** A run's settings, and what differences between them are drawn from. */
interface Compared {
  readonly frames: readonly TaskFrame[];
  readonly settings: readonly SettingNumbers[];
  readonly reference: SettingGroup;
  /** One per setting, in their order. */
  readonly draws: readonly GroupDraws[];
}

interface GroupPair {
  readonly own: SettingNumbers;
  readonly other: SettingNumbers;
}

/**
 * One per setting that has the default at its budget, with the same positions and mass, in the settings' order. A control that several
 * budgets are compared with has one for each.
 *
 * @param defaultMethod id of the model's own method; undefined where the run does not say: then there is none.
 */
export function defaultDifferences(
  { frames, settings, reference, draws }: Compared,
  defaultMethod: string | undefined,
): DefaultDifference[] {
  const isDefault = (group: SettingGroup) => group.name === `${defaultMethod}${toldWords(group)}`;
  const defaults = settings.filter((group) => group.role === "method" && isDefault(group));
  const pairs = settings
    .filter((own) => own.id !== reference.id && !defaults.includes(own))
    .flatMap((own) => defaults.filter((other) => isComparable(own, other)).map((other): GroupPair => ({ own, other })));
  const unchanged = pooledMeans(frames, pairs, between(unchangedAnswers(reference)));
  const kl = pooledMeans(frames, pairs, between(divergences));
  return pairs.map(({ own, other }, p) => {
    const [drawn, beside] = [own, other].map((group) => draws[settings.indexOf(group)]);
    const lead = (key: "relative" | "open", which: "means" | "open"): Estimate | undefined => {
      const [value, less] = [own[key], other[key]];
      if (value === undefined || less === undefined) return undefined;
      return { value: value - less, interval: leadInterval(drawn, beside, value - less, which) };
    };
    return {
      setting: own.id,
      to: other.id,
      relative: lead("relative", "means"),
      open: lead("open", "open"),
      unchanged: unchanged[p],
      kl: kl[p],
    };
  });
}

/** The same budget, and the same told of rows; of a smaller picture, whose tokens all stay, nothing is told. */
function isComparable(own: SettingNumbers, other: SettingNumbers): boolean {
  const { budget } = other;
  const isAt = typeof budget === "number" && own.comparedAt?.includes(budget);
  const isSameBudget = own.comparedAt === undefined ? budgetId(own) === budgetId(other) : isAt === true;
  return isSameBudget && (own.side !== undefined || toldWords(own) === toldWords(other));
}

/** Differences on the samples where both have a value. */
function between(valuesOf: SampleValues): SampleValues<GroupPair> {
  return (frame, { own, other }) => {
    const less = valuesOf(frame, other);
    return Array.from(valuesOf(frame, own), (value, i) => {
      const from = less[i];
      return value === undefined || from === undefined ? undefined : value - from;
    });
  };
}
