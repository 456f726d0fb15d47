/** One thing that was compared and differs. An empty list of these is a pass. */
export type Difference = string;

/** The largest absolute difference must stay within `absolute`. */
export function compareValues(
  name: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  absolute: number,
): Difference[] {
  if (got.length !== want.length) return [`${name}: expected ${want.length} values, got ${got.length}`];
  for (let i = 0; i < want.length; i++) {
    // Written so that NaN differs from everything but NaN.
    const equal = Object.is(got[i], want[i]) || Math.abs(got[i] - want[i]) <= absolute;
    if (!equal) return [`${name}[${i}]: expected ${want[i]}, got ${got[i]} (tolerance ${absolute})`];
  }
  return [];
}

/** Each value must lie within `relative` of the expected one's size. */
export function compareRelative(
  name: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  relative: number,
): Difference[] {
  if (got.length !== want.length) return [`${name}: expected ${want.length} values, got ${got.length}`];
  for (let i = 0; i < want.length; i++) {
    if (!(Math.abs(got[i] - want[i]) <= relative * Math.abs(want[i]))) {
      return [`${name}[${i}]: expected ${want[i]}, got ${got[i]} (relative tolerance ${relative})`];
    }
  }
  return [];
}

/** Same numbers in the same order. */
export function compareList(name: string, got: ArrayLike<number>, want: ArrayLike<number>): Difference[] {
  return compareValues(name, got, want, 0);
}

/** Same numbers in any order. */
export function compareSet(name: string, got: ArrayLike<number>, want: ArrayLike<number>): Difference[] {
  const ascending = (values: ArrayLike<number>) => Array.from(values).sort((a, b) => a - b);
  return compareList(`${name} (as a set)`, ascending(got), ascending(want));
}
