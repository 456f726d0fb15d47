/** @file Score against cost: curves of methods with several budgets, and the entries that no other beats. */
import { type CurvePoint, interpolate, meanHeight, paretoFront } from "../../stats/curve.js";
import { REFERENCE } from "./entries.js";
import type { EntryNumbers } from "./entry-numbers.js";
import { fixedSeries } from "./equal-tokens.js";

/** A series' mean relative score over a range of token counts. */
export interface CurveArea {
  readonly series: string;
  readonly role: EntryNumbers["role"];
  /** Percent: area under the curve over the logarithm of tokens, divided by the range's width. */
  readonly area: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Areas of all series with a number as budget, over one range: from the smallest count that all of them reach down to, to all tokens,
 * where every curve ends. Best first.
 */
export function curveAreas(entries: readonly EntryNumbers[]): CurveArea[] {
  const full = entries.find(({ id }) => id === REFERENCE);
  const end = full && point(full);
  if (end === undefined) return [];
  const curves = [...fixedSeries(entries)].flatMap(([series, members]) => {
    const own = members.map(point);
    const points = [...own.filter((each) => each !== undefined && each.x < end.x), end] as CurvePoint[];
    return own.includes(undefined) || points.length < 2 ? [] : [{ series, role: members[0].role, points }];
  });
  const from = Math.max(...curves.map(({ points }) => Math.min(...points.map(({ x }) => x))));
  return curves
    .flatMap(({ series, role, points }) => {
      const logarithmic = points.map(({ x, y }) => ({ x: Math.log2(x), y }));
      const start = interpolate(logarithmic, Math.log2(from));
      const within = logarithmic.filter(({ x }) => x > Math.log2(from));
      const area = start && meanHeight([{ x: Math.log2(from), y: start.y }, ...within]);
      return area === undefined ? [] : [{ series, role, area, from, to: end.x }];
    })
    .sort((a, b) => b.area - a.area);
}

function point({ tokens, relative }: EntryNumbers): CurvePoint | undefined {
  return tokens === undefined || relative === undefined ? undefined : { x: tokens.mean, y: relative };
}

/** Ids of the entries on the Pareto front of mean relative score against a cost; entries without either are passed over. */
export function frontOf(entries: readonly EntryNumbers[], cost: (entry: EntryNumbers) => number | undefined): string[] {
  const points = entries.flatMap((entry) => {
    const [x, y] = [cost(entry), entry.relative];
    return x === undefined || y === undefined ? [] : [{ id: entry.id, x, y }];
  });
  const front = paretoFront(points);
  return points.filter((_, i) => front[i]).map(({ id }) => id);
}
