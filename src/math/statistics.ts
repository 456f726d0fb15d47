/** @file Quantiles and what a list of counts looks like. */

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
export function median(values: Iterable<number>): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

/** Arithmetic mean; NaN for none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What a list of numbers looks like. */
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
  const sorted = Float64Array.from(values).sort();
  return {
    mean: mean(values),
    median: quantile(sorted, 0.5),
    p5: quantile(sorted, 0.05),
    p95: quantile(sorted, 0.95),
    min: sorted[0],
    max: sorted[sorted.length - 1],
  };
}
