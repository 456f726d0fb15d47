import { type MethodOptions, shape, type TableWith } from "../core/index.js";
import { defineMethod } from "./define-method.js";
import { assertMatrixFits, cosineMatrix } from "./shared/cosines.js";
import { smoothOnGrids } from "./shared/grid-cells.js";
import { maximizeCoverage } from "./shared/max-coverage.js";
import { keepTokens } from "./shared/plan-rows.js";
import { focusedWords, minMax, textRelevance, wordRelevance } from "./shared/relevance.js";

type Needs = "features" | "textSimilarity" | "wordSimilarity" | "grid";

/** Options of `facility`. */
export interface FacilityOptions extends MethodOptions {
  /**
   * `words` (default): sentence and words, needs `wordSimilarity`. `sentence`: `textSimilarity` alone, for a tower that gives
   * one vector per question.
   */
  readonly relevance?: "words" | "sentence";
  /**
   * Share of the words that count, 0 to 1, those that concentrate most on few tokens; at least one. Default 0.5, the paper's.
   */
  readonly keepWords?: number;
  /** Weight of the sentence beside the words, 0 to 1. Default 0.5. */
  readonly sentenceShare?: number;
  /** Power of the relevance, 0 to 20: 0 is coverage alone, large is relevance alone. Default 1, as released for LLaVA. */
  readonly sharpness?: number;
  /** Smooths the relevance with a 3 x 3 Gaussian on each grid. Default true; needs `grid`. */
  readonly smoothing?: boolean;
}

const OPTIONS = {
  relevance: shape.described<"words" | "sentence">(
    shape.oneOf("words", "sentence"),
    "words: the sentence and its words; sentence: textSimilarity alone, for a tower that gives one vector per question",
    "words",
  ),
  keepWords: shape.described(
    shape.range(0, 1),
    "share of the words that count, those that concentrate most on few tokens; at least one",
    0.5,
  ),
  sentenceShare: shape.described(shape.range(0, 1), "weight of the sentence beside the words", 0.5),
  sharpness: shape.described(
    shape.range(0, 20),
    "power of the relevance: 0 is coverage alone, large is relevance alone; 1 as released for LLaVA",
    1,
  ),
  smoothing: shape.described(shape.flag, "smooths the relevance with a 3 x 3 Gaussian on each grid", true),
};

/**
 * Keeps the tokens that best represent all tokens, relevant ones first: greedy weighted facility location.
 *
 * Formula: relevance r = mu · sentence + (1 - mu) · focused words, min-max, smoothed, to the power beta; maximize
 * Σ_i r_i max_{s kept} (cos(x_i, x_s) + 1) / 2.
 * Source: EADP (ECCV 2026; code without license: formulas only).
 * Deviations: the table's polarity (released: -1); `features` before the projector (released: after it); words are the question's own (released: all 77
 * positions, padding included, of which it keeps a share of 0.2). Needs N x N cosines: at most 16384 tokens.
 */
export const facility = defineMethod<FacilityOptions, Needs, keyof typeof OPTIONS>({
  id: "facility",
  summary: "K tokens that represent all, weighted by relevance to the question's words (facility location)",
  reference: "EADP, ECCV 2026 (formulas only)",
  needs: ["features", "textSimilarity", "wordSimilarity", "grid"],
  mass: "count",
  options: OPTIONS,
  needsWith: ({ relevance, smoothing }) => [
    "features",
    "textSimilarity",
    ...(relevance === "words" ? (["wordSimilarity"] as const) : []),
    ...(smoothing ? (["grid"] as const) : []),
  ],
  choose({ table, retain, kernels }, options) {
    assertMatrixFits("facility", table.count);
    const weights = importance(table, options);
    const values = kernels.withRows(table.features, cosineMatrix);
    // Half the cosine plus a half is 0 where the cosine is -1: the halves change no choice and are left out.
    return keepTokens(maximizeCoverage([{ values, weights, uncovered: -1 }], table.count, retain), table.count);
  },
});

/** Weight of each token, `[N]`, above 0. */
function importance(
  table: TableWith<Needs>,
  { relevance, keepWords, sentenceShare, sharpness, smoothing }: Required<Omit<FacilityOptions, "budget">>,
): Float64Array {
  const sentence = Float64Array.from(textRelevance(table));
  const words = relevance === "words" ? focusedWords(wordRelevance(table), keepWords) : sentence;
  const mixed = minMax(sentence.map((value, i) => sentenceShare * value + (1 - sentenceShare) * words[i]));
  const smooth = smoothing ? smoothOnGrids(mixed, table.grids) : mixed;
  return smooth.map((value) => value ** sharpness);
}
