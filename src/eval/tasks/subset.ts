/** @file A part of a benchmark, for trials. */
import { groupBy, refusalFor } from "../../core/index.js";
import { randomSource } from "../../math/index.js";

/** Questions that are judged together: a pair of MME, the rotations of MMBench, else one. */
export interface Unit {
  /** POPE's split, MME's subtask, … */
  readonly group: string;
  /** Key of the picture. */
  readonly picture: string;
  /** Questions in it. */
  readonly size: number;
}

/** Number of questions, and seed of the draw. */
export interface SubsetOptions {
  /** Questions at most, at least 1; spread over the task's categories and its pictures. Those judged together stay together. */
  readonly limit: number;
  /** Whole number from 0 to 2^32 - 1. */
  readonly seed: number;
}

const refuse = refusalFor("readTask");

/**
 * Units with at most `limit` questions together. The groups are asked in turn. Each gives a unit of the picture that it has given
 * least of, in an order drawn by the seed. A unit that is too large for the rest is passed over. The same units and options give
 * the same choice.
 *
 * @throws InvalidInputError for a limit or seed out of range, or a limit that no unit fits in.
 */
export function chooseSubset<U extends Unit>(units: readonly U[], { limit, seed }: SubsetOptions): U[] {
  const smallest = units.reduce((least, { size }) => Math.min(least, size), Number.POSITIVE_INFINITY);
  if (!Number.isSafeInteger(limit) || limit < smallest) {
    throw refuse(`a limit from ${smallest} on: so many questions are judged together`, limit);
  }
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) throw refuse("a seed from 0 to 2^32 - 1", seed);
  const queues = [...groupBy(shuffled(units, seed), ({ group }) => group).values()].map(byRank);
  const chosen: U[] = [];
  let left = limit;
  for (let round = 0; left > 0 && queues.some((queue) => round < queue.length); round++) {
    for (const queue of queues) {
      const unit = queue[round];
      if (unit === undefined || unit.size > left) continue;
      chosen.push(unit);
      left -= unit.size;
    }
  }
  return chosen;
}

/** First one unit of each picture, then the second of each, and so on. */
function byRank<U extends Unit>(units: readonly U[]): U[] {
  const given = new Map<string, number>();
  const ranked = units.map((unit) => {
    const rank = given.get(unit.picture) ?? 0;
    given.set(unit.picture, rank + 1);
    return { unit, rank };
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ unit }) => unit);
}

/** Fisher and Yates. */
function shuffled<U>(units: readonly U[], seed: number): U[] {
  const random = randomSource(seed);
  const order = [...units];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
