import { type MethodOptions, shape } from "../core/index.js";
import type { Matrix } from "../math/index.js";
import { defineMethod } from "./define-method.js";
import { assertMatrixFits, cosineMatrix } from "./shared/cosines.js";
import { type Coverage, maximizeCoverage } from "./shared/max-coverage.js";
import { keepTokens } from "./shared/plan-rows.js";
import { wordRelevance } from "./shared/relevance.js";

/** Options of `mmtok`. */
export interface MmTokOptions extends MethodOptions {
  /** Weight of covering the image beside covering the question's words (weight 1), 0 to 100. Default 0.5. */
  readonly visionWeight?: number;
  /** Softmax temperature of words over tokens, 0.001 to 100. Default 0.02. Lower: each word points at fewer tokens. */
  readonly textTemperature?: number;
  /** Softmax temperature of tokens over tokens, 0.001 to 100. Default 0.2. */
  readonly visionTemperature?: number;
}

type Temperatures = "textTemperature" | "visionTemperature";

/**
 * Keeps the tokens that together cover the question's words and the image: greedy maximum coverage.
 *
 * Formula: P = softmax over tokens of word cosines / 0.02, divided by M; Q_i = softmax over j of cos(x_i, x_j) / 0.2, divided by
 * N; maximize Σ_words max_{s kept} P + 0.5 Σ_i max_{s kept} Q_is.
 * Source: MMTok, arXiv 2508.18264; code Ironieser/MMTok (Apache-2.0).
 * Deviations: `wordSimilarity` must hold the cosines of *projected* tokens with the language model's word embeddings; there is
 * no exclusion of letterbox padding. Needs N x N cosines: at most 16384 tokens.
 */
export const mmTok = defineMethod<MmTokOptions, "features" | "wordSimilarity", "visionWeight" | Temperatures>({
  id: "mmtok",
  summary: "K tokens that cover the question's words and the image (maximum coverage)",
  reference: "MMTok, arXiv 2508.18264",
  needs: ["features", "wordSimilarity"],
  mass: "count",
  options: {
    visionWeight: shape.described(
      shape.range(0, 100),
      "weight of covering the image beside covering the question's words (weight 1)",
      0.5,
    ),
    textTemperature: shape.described(
      shape.range(0.001, 100),
      "softmax temperature of words over tokens; lower: each word points at fewer tokens",
      0.02,
    ),
    visionTemperature: shape.described(
      shape.range(0.001, 100),
      "softmax temperature of tokens over tokens; lower: each token stands for fewer others",
      0.2,
    ),
  },
  choose({ table, retain, kernels }, { visionWeight, textTemperature, visionTemperature }) {
    assertMatrixFits("mmtok", table.count);
    const vision = kernels.withRows(table.features, (rows) => patchCoverage(cosineMatrix(rows), visionTemperature));
    const coverages: Coverage[] = [
      { values: wordCoverage(wordRelevance(table), textTemperature), ...evenly(table.wordSimilarity.dim, 1) },
      { values: vision, ...evenly(table.count, visionWeight) },
    ];
    return keepTokens(maximizeCoverage(coverages, table.count, retain), table.count);
  },
});

/** Each of `things` counts the same, all together `total`. */
function evenly(things: number, total: number): Omit<Coverage, "values"> {
  return { weights: new Float64Array(things).fill(total / things), uncovered: 0 };
}

/** Softmax over tokens of each word's similarities: how much of the word each token covers, `[M, N]`. */
function wordCoverage({ data, count, dim }: Matrix, temperature: number): Float32Array {
  const coverage = new Float32Array(dim * count);
  for (let word = 0; word < dim; word++) {
    const row = coverage.subarray(word * count, (word + 1) * count);
    for (let token = 0; token < count; token++) row[token] = data[token * dim + word];
    softmaxInPlace(row, temperature);
  }
  return coverage;
}

/** Softmax of each row of cosines, in place: how much of the token each token covers, `[N, N]`. */
function patchCoverage(cosines: Float32Array, temperature: number): Float32Array {
  const count = Math.sqrt(cosines.length);
  for (let i = 0; i < count; i++) softmaxInPlace(cosines.subarray(i * count, (i + 1) * count), temperature);
  return cosines;
}

function softmaxInPlace(row: Float32Array, temperature: number): void {
  let max = -Infinity;
  for (const value of row) if (value > max) max = value;
  let total = 0;
  for (let i = 0; i < row.length; i++) {
    row[i] = Math.exp((row[i] - max) / temperature);
    total += row[i];
  }
  for (let i = 0; i < row.length; i++) row[i] /= total;
}
