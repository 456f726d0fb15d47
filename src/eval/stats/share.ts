/** @file The interval of a share over questions, some of which are about one picture. */
import type { Interval } from "./bootstrap.js";

/** The 97.5 % point of the normal distribution. */
const Z = 1.959963984540054;

/** Hits and trials of one cluster. */
export interface ClusterCounts {
  readonly hits: number;
  readonly trials: number;
}

/**
 * 95 % interval of the share of hits, 0 to 1: Wilson's (1927) at the number of independent trials. That is the number of trials over the
 * design effect (Kish 1965): how much more the share varies from cluster to cluster than independent trials would. Unlike a
 * bootstrap it says something where every trial is a hit; the effect cannot be seen there, so that each cluster counts once.
 *
 * @returns undefined without a trial. The share lies inside always.
 */
export function shareInterval(clusters: readonly ClusterCounts[]): Interval | undefined {
  const used = clusters.filter(({ trials }) => trials > 0);
  const sum = (value: (cluster: ClusterCounts) => number) => used.reduce((total, cluster) => total + value(cluster), 0);
  const trials = sum((cluster) => cluster.trials);
  if (trials === 0) return undefined;
  const share = sum(({ hits }) => hits) / trials;
  const variance = share * (1 - share);
  // Of the share as a ratio of sums over clusters, by linearization; both variances with one degree of freedom less.
  const spread = sum(({ hits, trials: own }) => (hits - share * own) ** 2) / trials ** 2;
  const clustered = used.length > 1 ? (spread * used.length) / (used.length - 1) : Number.POSITIVE_INFINITY;
  const designEffect = clustered / (variance / (trials - 1));
  const effective = variance > 0 ? Math.max(1, trials / Math.max(1, designEffect)) : used.length;
  const weight = Z ** 2 / effective;
  const middle = (share + weight / 2) / (1 + weight);
  const half = (Z * Math.sqrt(variance / effective + Z ** 2 / (4 * effective ** 2))) / (1 + weight);
  return { low: Math.max(0, Math.min(share, middle - half)), high: Math.min(1, Math.max(share, middle + half)) };
}
