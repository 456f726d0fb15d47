import { type MethodOptions, shape } from "../core/index.js";
import { randomSource } from "../math/index.js";
import { defineMethod } from "./define-method.js";
import { keepTokens } from "./shared/plan-rows.js";

/** Options of `random`. */
export interface RandomOptions extends MethodOptions {
  /** Whole number from 0 to 2^32 - 1, default 0; another seed gives another choice. */
  readonly seed?: number;
}

/**
 * Keeps K tokens drawn without replacement, each set of K equally likely: the floor under every comparison.
 *
 * Formula: the first K of a Fisher–Yates shuffle of the ids, by the stream `randomSource(seed)`. The same seed, N and K
 * give the same choice on every engine; a larger K of the same seed and N keeps the smaller choice and adds to it.
 */
export const random = defineMethod<RandomOptions, never, "seed">({
  id: "random",
  summary: "K tokens at random, from a seed",
  reference: "no paper: the usual random baseline; generator xoshiro128**, arXiv 1805.01407",
  needs: [],
  mass: "count",
  options: { seed: shape.described(shape.integer(0, 0xffffffff), "another seed gives another choice", 0) },
  choose: ({ table, retain }, { seed }) => keepTokens(drawDistinct(table.count, retain, seed), table.count),
});

/** `drawn` distinct ids below `count`, in the order of drawing. */
function drawDistinct(count: number, drawn: number, seed: number): Uint32Array {
  const source = randomSource(seed);
  const ids = Uint32Array.from({ length: count }, (_, id) => id);
  for (let i = 0; i < drawn; i++) {
    const j = i + source.below(count - i);
    const id = ids[j];
    ids[j] = ids[i];
    ids[i] = id;
  }
  return ids.subarray(0, drawn);
}
