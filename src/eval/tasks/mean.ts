/** @file Means, over all and by group. */

/** The mean; null of nothing. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Lists by key, in the order in which the keys come first. */
export function groupBy<V>(values: readonly V[], key: (value: V) => string): Map<string, V[]> {
  const groups = new Map<string, V[]>();
  for (const value of values) {
    const name = key(value);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [value]);
    else group.push(value);
  }
  return groups;
}

/** A mean and the means of groups as metrics: `name`, `name/GROUP`. */
export function meanMetrics<V>(
  name: string,
  values: readonly V[],
  { of, by }: { readonly of: (value: V) => number; readonly by: (value: V) => string },
): Record<string, number | null> {
  const metrics: Record<string, number | null> = { [name]: mean(values.map(of)) };
  for (const [group, own] of groupBy(values, by)) metrics[`${name}/${group}`] = mean(own.map(of));
  return metrics;
}
