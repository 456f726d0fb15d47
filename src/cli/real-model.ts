/**
 * @file Times of a decoder of a real model's size, which the demo sets beside those of the toy. From bench/results/ttft.json, whose
 * numbers a test compares with these.
 */
export const REAL_MODEL = {
  /** Of `python -m recoup_train.random_llava`: SmolVLM-500M's sizes and random weights, since times do not depend on them. */
  name: "a decoder of SmolVLM-500M's size",
  machine: "AMD EPYC, 2 cores, 2026-11-24",
  /** Visual tokens that are kept, of 576. */
  kept: 58,
  /** Milliseconds: choosing them, to the first token with them, and with all tokens. */
  selection: 2.1,
  firstToken: 430,
  allTokens: 2289,
} as const;
