/** @file Seeded random integers: 32-bit integer arithmetic only, so that a seed gives the same numbers on every engine. */
import { mixBits } from "./hash.js";

/** A stream of random numbers. Drawing changes it; two streams of the same seed give the same numbers. */
export interface RandomSource {
  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number;
  /** A whole number from 0 to `bound` - 1, each equally likely. `bound` is whole, from 1 to 2^32. */
  below(bound: number): number;
  /** A number from 0 to 1 (excluded), a multiple of 2^-24, so that it is exact in float32. */
  unit(): number;
}

/** A stream for the seed, a whole number from 0 to 2^32 - 1. */
export function randomSource(seed: number): RandomSource {
  // The mix is one to one, so at most one of the four state words is 0.
  const word = (i: number) => mixBits(Math.imul(i, GOLDEN_RATIO) + seed);
  return xoshiro128([word(1), word(2), word(3), word(4)]);
}

/** 2^32 divided by the golden ratio, odd: successive multiples of it differ in many bits. */
const GOLDEN_RATIO = 0x9e3779b9;

/**
 * xoshiro128** 1.1 (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", arXiv 1805.01407), period 2^128 - 1.
 *
 * @param state four 32-bit words, not all 0.
 */
export function xoshiro128(state: readonly [number, number, number, number]): RandomSource {
  let [s0, s1, s2, s3] = state;
  const uint32 = () => {
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = rotateLeft(s3, 11);
    return result;
  };
  const below = (bound: number) => {
    // Numbers past the last whole multiple of bound are drawn again: without that, low results would be likelier.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let drawn = uint32();
    while (drawn >= limit) drawn = uint32();
    return drawn % bound;
  };
  return { uint32, below, unit: () => (uint32() >>> 8) * 2 ** -24 };
}

function rotateLeft(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}
