/** @file Score against cost: curves of methods with several budgets, and the settings that no other beats. */

import { REFERENCE } from "../../run/settings.js";
import { type CurvePoint, interpolate, meanHeight, paretoFront } from "../../stats/curve.js";
import { atFixedBudgets } from "./equal-tokens.js";
import type { SettingNumbers } from "./setting-numbers.js";

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

/**
 * Areas of all methods with a number as budget, over one range, best first. The range begins at the smallest count that all of them
 * reach, and ends at all tokens.
 */
export function curveAreas(settings: readonly SettingNumbers[]): CurveArea[] {
  const full = settings.find(({ id }) => id === REFERENCE);
  const end = full && point(full);
  if (end === undefined) return [];
  const curves = [...atFixedBudgets(settings)].flatMap(([name, members]) => {
    const own = members.map(point);
    const points = [...own.filter((each) => each !== undefined && each.x < end.x), end] as CurvePoint[];
    return own.includes(undefined) || points.length < 2 ? [] : [{ name, role: members[0].role, points }];
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

function point({ tokens, relative }: SettingNumbers): CurvePoint | undefined {
  return tokens === undefined || relative === undefined ? undefined : { x: tokens.mean, y: relative };
}

/** Ids of the settings on the Pareto front of mean relative score against a cost; settings without either are passed over. */
export function frontOf(
  settings: readonly SettingNumbers[],
  cost: (setting: SettingNumbers) => number | undefined,
): string[] {
  const points = settings.flatMap((setting) => {
    const [x, y] = [cost(setting), setting.relative];
    return x === undefined || y === undefined ? [] : [{ id: setting.id, x, y }];
  });
  const front = paretoFront(points);
  return points.filter((_, i) => front[i]).map(({ id }) => id);
}
