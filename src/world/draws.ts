/** @file Draws from a stream of random numbers. */
import type { RandomSource } from "../math/index.js";

/** A whole number from `least` to `most`. */
export function between(random: RandomSource, least: number, most: number): number {
  return least + random.below(most - least + 1);
}

/** One item, each equally likely. */
export function pick<T>(random: RandomSource, list: readonly T[]): T {
  return list[random.below(list.length)];
}

/** A shuffled copy (Fisher and Yates). */
export function shuffle<T>(random: RandomSource, list: readonly T[]): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}
