import { editDistance } from "../math/index.js";

/** Two typos; with three, short names are near to anything. */
const MAX_TYPOS = 2;

/** The first of the known names that the given one is nearest to, by at most two letters and whatever the case; else undefined. */
export function nearestName<Name extends string>(name: string, known: readonly Name[]): Name | undefined {
  // A longer text is no typo, and would be slow to compare.
  const longest = Math.max(...known.map(({ length }) => length));
  if (typeof name !== "string" || name.length > longest + MAX_TYPOS) return undefined;
  const distances = known.map((one) => editDistance(name.toLowerCase(), one.toLowerCase()));
  const least = Math.min(...distances);
  return least <= MAX_TYPOS ? known[distances.indexOf(least)] : undefined;
}

/** `; did you mean x?` for the nearest name, or nothing where there is none. */
export function didYouMean(near: string | undefined): string {
  return near === undefined ? "" : `; did you mean ${near}?`;
}
