/** @file Copies and comparison of plain data with typed arrays, bit for bit. */

/** A deep copy of plain data: objects, arrays, typed arrays. */
export function copyOf<T>(value: T): T {
  if (ArrayBuffer.isView(value)) return (value as unknown as Float32Array).slice() as unknown as T;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copyOf(inner)])) as T;
}

/** The first place where two values differ: `roles[3] is 1 and not 0`. Undefined where they are the same. */
export function firstDifference(got: unknown, wanted: unknown, path = ""): string | undefined {
  if (Object.is(got, wanted)) return undefined;
  const place = path === "" ? "it" : path;
  if (typeof got !== "object" || typeof wanted !== "object" || got === null || wanted === null) {
    return `${place} is ${String(got)} and not ${String(wanted)}`;
  }
  const [left, right] = [got, wanted] as Readonly<Record<string, unknown>>[];
  if (isList(got) && isList(wanted)) {
    if (got.length !== wanted.length) return `${place} has ${got.length} items and not ${wanted.length}`;
    for (let i = 0; i < got.length; i++) {
      const difference = firstDifference(got[i], wanted[i], `${path}[${i}]`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const difference = firstDifference(left[name], right[name], path === "" ? name : `${path}.${name}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isList(value: object): value is ArrayLike<unknown> & object {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}
