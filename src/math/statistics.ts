/** @file Means, quantiles and what a list of numbers looks like. */

/**
 * Quantile at `share` (0 to 1), linear between neighbors: type 7 of Hyndman and Fan (1996), NumPy's default. NaN for an empty list.
 *
 * @param sorted ascending.
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  if (sorted.length === 0) return Number.NaN;
  const next = sorted[Math.min(low + 1, sorted.length - 1)];
  return sorted[low] + (at - low) * (next - sorted[low]);
}

/** Median of values in any order; NaN for none. */
export function median(values: ArrayLike<number>): number {
  return quantile(ascending(values), 0.5);
}

/** Arithmetic mean; NaN for none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Arithmetic mean; null for none, since JSON has no NaN. */
export function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean(values);
}

/** How many values lie above Tukey's upper fence, Q3 + 1.5 (Q3 - Q1), strictly; quartiles as `quantile` has them. */
export function upperOutliers(values: Float32Array): number {
  const sorted = ascending(values);
  const [q1, q3] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const fence = q3 + 1.5 * (q3 - q1);
  return values.filter((value) => value > fence).length;
}

/** The spread of a list of numbers. */
export interface Spread {
  readonly mean: number;
  readonly median: number;
  /** The 5th and 95th of a hundred. */
  readonly p5: number;
  readonly p95: number;
  readonly min: number;
  readonly max: number;
}

/** Undefined for an empty list. */
export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = ascending(values);
  return {
    mean: mean(values),
    median: quantile(sorted, 0.5),
    p5: quantile(sorted, 0.05),
    p95: quantile(sorted, 0.95),
    min: sorted[0],
    max: sorted[sorted.length - 1],
  };
}

/** A sorted copy, in the precision of the values. */
function ascending(values: ArrayLike<number>): Float32Array | Float64Array {
  return values instanceof Float32Array ? values.toSorted() : Float64Array.from(values).sort();
}
