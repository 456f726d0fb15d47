/** @file Scores by the question: signs, scales, words. */
import type { TableWith } from "../../core/index.js";
import type { Matrix } from "../../math/index.js";

/** Both CDPruner's and EADP's code add this to the numerator, so that no token has relevance 0. */
const FLOOR = 1e-6;

/**
 * Scores moved to 0 … 1: (s - min + 1e-6) / (max - min). Equal scores say nothing: all 1.
 *
 * @returns `[N]`.
 */
export function minMax(scores: Float64Array): Float64Array {
  const min = scores.reduce((a, b) => Math.min(a, b));
  const max = scores.reduce((a, b) => Math.max(a, b));
  return scores.map((score) => (max > min ? (score - min + FLOOR) / (max - min) : 1));
}

/** Similarity of each token to the question with the sign that high means relevant, `[N]`. */
export function textRelevance({ textSimilarity, textPolarity }: TableWith<"textSimilarity">): Float32Array {
  return textPolarity === 1 ? textSimilarity : textSimilarity.map((similarity) => -similarity);
}

/** Likewise of each token to each word, `[N, M]`. */
export function wordRelevance({ wordSimilarity, textPolarity }: TableWith<"wordSimilarity">): Matrix {
  if (textPolarity === 1) return wordSimilarity;
  return { ...wordSimilarity, data: wordSimilarity.data.map((similarity) => -similarity) };
}

/** Scale of the softmax over patches (CLIP's own logit scale), and of the one over words (temperature 0.01), as released. */
const PATCH_SCALE = 100;
const WORD_SCALE = 100;

/** Guard of the logarithm, as released. */
const LOG_FLOOR = 1e-12;

/**
 * Similarity of each token to the words that concentrate most on few tokens: words that name a thing do, function words
 * spread evenly.
 *
 * Formula: p_l = softmax over tokens of 100 s_l; H_l = -Σ p ln p; the max(1, trunc(share · M)) words of lowest entropy;
 * weights softmax(-100 H_l) over them; Σ_l weight_l s_l. Source: EADP (ECCV 2026). Ties to the earlier word.
 *
 * @param words relevance to each word, `[N, M]`, M at least 1.
 * @param keepWords share of the words, 0 to 1.
 * @returns `[N]`.
 */
export function focusedWords({ data, count, dim }: Matrix, keepWords: number): Float64Array {
  const similarity = (token: number, word: number) => data[token * dim + word];
  const entropies = Float64Array.from({ length: dim }, (_, word) =>
    entropy(Float64Array.from({ length: count }, (_, token) => PATCH_SCALE * similarity(token, word))),
  );
  const kept = Array.from(entropies.keys())
    .sort((a, b) => entropies[a] - entropies[b] || a - b)
    .slice(0, Math.max(1, Math.trunc(dim * keepWords)));
  const lowest = entropies[kept[0]];
  const weights = kept.map((word) => Math.exp(WORD_SCALE * (lowest - entropies[word])));
  const total = weights.reduce((a, b) => a + b);
  return Float64Array.from({ length: count }, (_, token) =>
    kept.reduce((sum, word, i) => sum + (weights[i] / total) * similarity(token, word), 0),
  );
}

/** Entropy of the softmax of the logits, in nats. */
function entropy(logits: Float64Array): number {
  const max = logits.reduce((a, b) => Math.max(a, b));
  const exps = logits.map((logit) => Math.exp(logit - max));
  const total = exps.reduce((a, b) => a + b);
  return -exps.reduce((sum, value) => sum + (value / total) * Math.log(value / total + LOG_FLOOR), 0);
}
