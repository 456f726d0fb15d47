/** Values by key, in the order in which the keys come first; a value whose key is undefined is left out. */
export function groupBy<V, K extends string | number>(
  values: Iterable<V>,
  key: (value: V) => K | undefined,
): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const value of values) {
    const name = key(value);
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [value]);
    else group.push(value);
  }
  return groups;
}
