/** @file Questions longer than a text tower reads: windows that overlap, and similarities as their maximum. */

/** Tokens that two windows share, so that words at an edge are seen with both neighbors once: a tenth of CLIP's 77, about a phrase. */
const OVERLAP = 8;

/**
 * Ids cut into windows of at most `size`, the last one full too, each but the first beginning 8 ids before the end of the one before.
 *
 * @param size above 8.
 */
export function textWindows(ids: readonly number[], size: number): number[][] {
  if (ids.length <= size) return [[...ids]];
  const windows: number[][] = [];
  for (let start = 0; ; start += size - OVERLAP) {
    if (start + size >= ids.length) {
      windows.push(ids.slice(ids.length - size));
      return windows;
    }
    windows.push(ids.slice(start, start + size));
  }
}

/** The largest of each position over all columns. @param columns at least one, of equal length. */
export function maximum(columns: readonly Float32Array[]): Float32Array {
  const out = columns[0].slice();
  for (const column of columns.slice(1)) {
    for (let i = 0; i < out.length; i++) out[i] = Math.max(out[i], column[i]);
  }
  return out;
}
