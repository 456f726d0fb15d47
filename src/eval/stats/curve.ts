/** @file Curves of score against cost: values between points, area, and the points that no other beats. */

/** A point of a curve. */
export interface CurvePoint {
  /** Cost, such as a number of tokens. */
  readonly x: number;
  /** Score. */
  readonly y: number;
}

/** A value read off a curve, and the points that it lies between. */
export interface Interpolated {
  /** The score at the place asked for. */
  readonly y: number;
  /** Costs of the points on both sides. */
  readonly from: number;
  readonly to: number;
}

/** Linear between the neighbors of `x`; undefined outside the curve. @param points distinct in x, in any order. */
export function interpolate(points: readonly CurvePoint[], x: number): Interpolated | undefined {
  const sorted = byX(points);
  const at = sorted.findIndex((point) => point.x >= x);
  if (at < 0) return undefined;
  const high = sorted[at];
  if (high.x === x) return { y: high.y, from: x, to: x };
  if (at === 0) return undefined;
  const low = sorted[at - 1];
  const share = (x - low.x) / (high.x - low.x);
  return { y: low.y + share * (high.y - low.y), from: low.x, to: high.x };
}

/**
 * Mean height of a curve: its area by trapezoids over its width. Undefined for fewer than two points.
 *
 * @param points distinct in x, in any order.
 */
export function meanHeight(points: readonly CurvePoint[]): number | undefined {
  if (points.length < 2) return undefined;
  const sorted = byX(points);
  let area = 0;
  for (let i = 1; i < sorted.length; i++) {
    area += ((sorted[i].x - sorted[i - 1].x) * (sorted[i].y + sorted[i - 1].y)) / 2;
  }
  return area / (sorted[sorted.length - 1].x - sorted[0].x);
}

/**
 * Membership of each point in the Pareto front. No other point costs as little or less and scores as much or more, one of both
 * truly.
 */
export function paretoFront(points: readonly CurvePoint[]): boolean[] {
  return points.map((own) =>
    points.every((other) => other.x > own.x || other.y < own.y || (other.x === own.x && other.y === own.y)),
  );
}

function byX(points: readonly CurvePoint[]): CurvePoint[] {
  return [...points].sort((a, b) => a.x - b.x);
}
