/**
 * @file Score against cost: curves of methods with several budgets, the settings that no other beats, and methods that find their own
 * number of tokens beside those with a fixed one, read off the curves of these.
 */
import { groupBy } from "../../../core/index.js";
import { mean } from "../../../math/index.js";
import { REFERENCE } from "../../run/settings.js";
import { type CurvePoint, interpolate, meanHeight } from "../../stats/curve.js";
import type { SettingNumbers, SettingTask } from "./setting-numbers.js";

/** Mean relative score of a method over a range of token counts. */
export interface CurveArea {
  /** Name of the settings at their budgets. */
  readonly name: string;
  readonly role: SettingNumbers["role"];
  /** Percent: area under the curve over the logarithm of tokens, divided by the range's width. */
  readonly area: number;
  /** Least and greatest number of tokens of the range. */
  readonly from: number;
  readonly to: number;
}

/** A fixed method's relative score at a dynamic one's number of tokens. */
export interface AtTokens {
  /** Mean over the tasks, percent. */
  readonly relative: number;
  /** The budgets that it is read off between: the widest range of all tasks. */
  readonly from: number;
  readonly to: number;
}

/** One dynamic setting and the fixed ones beside it. */
export interface EqualTokens {
  /** Id of the dynamic setting. */
  readonly setting: string;
  /** Its score relative to all tokens, percent. */
  readonly relative?: number;
  /** Mean and greatest number of tokens by task. */
  readonly counts: readonly { readonly task: string; readonly mean: number; readonly max: number }[];
  /** Methods with fixed budgets, read off at these counts. */
  readonly fixed: readonly {
    readonly name: string;
    readonly role: SettingNumbers["role"];
    /** Undefined where the count is below the smallest budget, or a score is missing. */
    readonly atMean?: AtTokens;
    readonly atMax?: AtTokens;
  }[];
}

/**
 * Areas of all methods with a number as budget, over one range, best first. The range begins at the smallest count that all of them
 * reach, and ends at all tokens.
 */
export function curveAreas(settings: readonly SettingNumbers[]): CurveArea[] {
  const full = settings.find(({ id }) => id === REFERENCE);
  const end = full && point(full);
  if (end === undefined) return [];
  const curves = atFixedBudgets(settings).flatMap(({ name, role, members }) => {
    const own = allPoints(members);
    const points = own && [...own.filter(({ x }) => x < end.x), end];
    return points === undefined || points.length < 2 ? [] : [{ name, role, points }];
  });
  const from = Math.max(...curves.map(({ points }) => Math.min(...points.map(({ x }) => x))));
  return curves
    .flatMap(({ name, role, points }) => {
      const logarithmic = points.map(({ x, y }) => ({ x: Math.log2(x), y }));
      const start = interpolate(logarithmic, Math.log2(from));
      const within = logarithmic.filter(({ x }) => x > Math.log2(from));
      const area = start && meanHeight([{ x: Math.log2(from), y: start.y }, ...within]);
      return area === undefined ? [] : [{ name, role, area, from, to: end.x }];
    })
    .sort((a, b) => b.area - a.area);
}

/** One per dynamic setting. All tokens end each curve: with all of them every method is the same. */
export function equalTokens(settings: readonly SettingNumbers[]): EqualTokens[] {
  const full = settings.filter(({ id }) => id === REFERENCE);
  const dynamic = settings.filter(({ budget }) => budget === "dynamic");
  return dynamic.map(({ id, relative, tasks }) => {
    const counts = tasks.flatMap(({ task, tokens }) => (tokens ? [{ task, mean: tokens.mean, max: tokens.max }] : []));
    const fixed = atFixedBudgets(settings).map(({ name, role, members }) => {
      const read = (which: "mean" | "max") => readOff(counts, which, [...members, ...full]);
      return { name, role, atMean: read("mean"), atMax: read("max") };
    });
    return { setting: id, relative, counts, fixed };
  });
}

/** Curves linear between budgets, read off task by task. */
function readOff(
  counts: EqualTokens["counts"],
  which: "mean" | "max",
  members: readonly SettingNumbers[],
): AtTokens | undefined {
  const read = counts.map((count) => {
    const points = allPoints(members.map(({ tasks }) => tasks.find(({ task }) => task === count.task)));
    return points && interpolate(points, count[which]);
  });
  const found = read.filter((value) => value !== undefined);
  if (found.length === 0 || found.length < read.length) return undefined;
  return {
    relative: mean(found.map(({ y }) => y)),
    from: Math.min(...found.map(({ from }) => from)),
    to: Math.max(...found.map(({ to }) => to)),
  };
}

/** Settings with a number as budget, by name; no picture at all is none of them. */
function atFixedBudgets(settings: readonly SettingNumbers[]) {
  const byName = groupBy(settings, ({ budget, name }) => (typeof budget === "number" && budget > 0 ? name : undefined));
  return Array.from(byName, ([name, members]) => ({ name, role: members[0].role, members }));
}

/** Undefined where one has no score: the curve would jump over its budget. */
function allPoints(members: readonly (SettingNumbers | SettingTask | undefined)[]): CurvePoint[] | undefined {
  const points = members.map((member) => member && point(member));
  return points.every((each) => each !== undefined) ? points : undefined;
}

function point({ tokens, relative }: SettingNumbers | SettingTask): CurvePoint | undefined {
  return tokens === undefined || relative === undefined ? undefined : { x: tokens.mean, y: relative };
}
