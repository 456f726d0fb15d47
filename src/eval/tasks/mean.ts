/** @file Means, over all and by group. */

import { groupBy } from "../../core/index.js";
import { meanOrNull } from "../../math/index.js";

/** A mean and the means of groups as metrics: `name`, `name/GROUP`. */
export function meanMetrics<V>(
  name: string,
  values: readonly V[],
  { of, by }: { readonly of: (value: V) => number; readonly by: (value: V) => string },
): Record<string, number | null> {
  const metrics: Record<string, number | null> = { [name]: meanOrNull(values.map(of)) };
  for (const [group, own] of groupBy(values, by)) metrics[`${name}/${group}`] = meanOrNull(own.map(of));
  return metrics;
}
