/**
 * @file Bootstrap over clusters (Field and Welsh, "Bootstrapping clustered data", 2007). Questions about one picture are not
 * independent, so whole pictures are drawn, with replacement. Several tasks are strata: each draws as many pictures as it has. A
 * resample is the same for all methods, so that differences between them are paired.
 */
import { InvalidInputError } from "../../core/index.js";
import { quantile, randomSource } from "../../math/index.js";

/** Number and seed of the draws. */
export interface BootstrapOptions {
  /** Number of draws; the ends of a 95 % interval then rest on 2.5 % of these. Default: 1000. */
  readonly resamples?: number;
  /** Whole number from 0 to 2^32 - 1. Default: 0. */
  readonly seed?: number;
}

/** The draw of all reports: the same run gives the same intervals. */
export const BOOTSTRAP = { resamples: 1000, seed: 0 } as const;

/**
 * How often each cluster is in each resample: per resample a list of counts per stratum.
 *
 * @param strata numbers of clusters, each at least 1.
 */
export function* drawClusters(
  strata: readonly number[],
  { resamples = BOOTSTRAP.resamples, seed = BOOTSTRAP.seed }: BootstrapOptions = {},
): Generator<readonly Uint32Array[]> {
  if (strata.length === 0 || strata.some((count) => !(Number.isInteger(count) && count >= 1))) {
    throw new InvalidInputError({
      operation: "drawClusters",
      expected: "at least one stratum, each of 1 cluster or more",
      got: `[${strata.join(", ")}]`,
    });
  }
  const random = randomSource(seed);
  for (let i = 0; i < resamples; i++) {
    yield strata.map((count) => {
      const drawn = new Uint32Array(count);
      for (let k = 0; k < count; k++) drawn[random.below(count)]++;
      return drawn;
    });
  }
}

/** Sum of `sums` with each cluster as often as it was drawn. */
export function drawnSum(counts: Uint32Array, sums: Float64Array): number {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i] * sums[i];
  return total;
}

/** Sums of values by cluster. @param cluster of each value, from 0. */
export function clusterSums(values: ArrayLike<number>, cluster: ArrayLike<number>, clusters: number): Float64Array {
  const sums = new Float64Array(clusters);
  for (let i = 0; i < values.length; i++) sums[cluster[i]] += values[i];
  return sums;
}

/** A range in which a quantity lies. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The middle 95 % of resampled values, widened to the estimate where that lies outside. A percentile interval can miss it: a metric that is no
 * mean is biased on resamples (an F1 over few pictures), and equal sums in another order differ in their last digit.
 *
 * @param values infinite ones lie beyond all others.
 * @returns undefined for no values, for one that is no number, where an end is infinite, without an estimate, and for an interval of no width:
 * nothing was seen to vary, which is not to say that nothing does.
 */
export function percentileInterval(values: ArrayLike<number>, estimate: number | undefined): Interval | undefined {
  const sorted = Float64Array.from(values).sort();
  if (estimate === undefined || sorted.length === 0 || sorted.some(Number.isNaN)) return undefined;
  const [low, high] = [Math.min(quantile(sorted, 0.025), estimate), Math.max(quantile(sorted, 0.975), estimate)];
  const isWide = high - low > LAST_DIGITS * Math.max(Math.abs(low), Math.abs(high));
  return isWide && Number.isFinite(high - low) ? { low, high } : undefined;
}

/** Relative difference of sums that are equal but for the order of their parts. */
const LAST_DIGITS = 1e-9;
