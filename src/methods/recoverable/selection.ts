import type { Scale } from "./outlier-scale.js";

/** Tokens that a step chose. */
export interface Selection {
  /** Source ids, ascending, `[n]`. */
  readonly source: Uint32Array;
  /** The same ids, best score first, `[n]`. */
  readonly ranked: Uint32Array;
  /** The outlier factors behind their number; absent where the number was given. */
  readonly scale?: Scale;
}

/** A selection of source ids given best first. */
export function select(ranked: Uint32Array, scale?: Scale): Selection {
  return { source: ranked.toSorted(), ranked, scale };
}

/** Positions below `count` that are not among the given ones (each of those ascending). */
export function complement(count: number, ...chosen: readonly Uint32Array[]): Uint32Array {
  const taken = new Uint8Array(count);
  let left = count;
  for (const positions of chosen) {
    for (const position of positions) {
      left -= 1 - taken[position];
      taken[position] = 1;
    }
  }
  const out = new Uint32Array(left);
  for (let position = 0, at = 0; position < count; position++) if (taken[position] === 0) out[at++] = position;
  return out;
}

/** `ids[positions[i]]` for every i. */
export function at(ids: Uint32Array, positions: Uint32Array): Uint32Array {
  return positions.map((position) => ids[position]);
}
