/** @file What the question points at: robust outliers of the smoothed similarity, the paper's idea with a robust scale. */
import { requireSignals, type TokenTable } from "../../core/index.js";
import { median, topK } from "../../math/index.js";
import { smoothOnGrids } from "../shared/grid-cells.js";
import { textRelevance } from "../shared/relevance.js";

/** How clearly a question points at something. */
export interface EvidenceStrength {
  /** Mean of the eight largest robust z scores (of all, below 8 tokens); 0 where the similarity says nothing. White noise has 2.5. */
  readonly peak: number;
  /** How far the text is trusted, 0 to 1: 0 up to a peak of 3, 1 from 6 on. With 0 `recoup` covers the image, whatever is asked. */
  readonly confidence: number;
}

/** What a question's similarity says of the tokens. */
export interface TextEvidence extends EvidenceStrength {
  /** Evidence of each token, 0 to 1, `[N]`: 0 up to a z of 2, 1 at the peak or at 6, whichever is higher. */
  readonly scores: Float64Array;
}

/** Tokens whose mean makes the peak: a thing of a few patches, not one token's noise. */
const PEAK_TOKENS = 8;

/** 1.4826 median absolute deviations are one standard deviation of a normal distribution. */
const NORMAL = 1.4826;

/** White noise peaks at 2.5 and in one picture of twenty at 3.04; what is really there at 4.9 (colors) to 21 (counts). */
const NO_TRUST = 3;
const FULL_TRUST = 6;

/** z of a token from which there is evidence at all. */
const LEAST_Z = 2;

/** Deviations below this share of the largest value are rounding of float32, not evidence. */
const ROUNDING = 1e-6;

/**
 * Evidence that the question is about each token.
 *
 * Formula: v = polarity · similarity, smoothed on each grid where there are any; z = (v - median) / (1.4826 · median |v - median|); peak z* =
 * mean of the 8 largest z; confidence = clamp((z* - 3) / 3, 0, 1); score = clamp((z - 2) / (max(6, z*) - 2), 0, 1)². Median and scale are of
 * all tokens together. Without a similarity, or with one that is the same for at least half of the tokens, there is no evidence.
 *
 * @throws InvalidInputError for what is no token table.
 */
export function textEvidence(table: TokenTable): TextEvidence {
  requireSignals("textEvidence", table, []);
  const { count, textSimilarity, grids = [] } = table;
  const none = { peak: 0, confidence: 0, scores: new Float64Array(count) };
  if (textSimilarity === undefined) return none;
  const relevance = Float64Array.from(textRelevance({ ...table, textSimilarity }));
  const values = smoothOnGrids(relevance, grids);
  const center = median(values);
  const scale = NORMAL * median(values.map((value) => Math.abs(value - center)));
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (scale <= ROUNDING * largest) return none;
  const z = values.map((value) => (value - center) / scale);
  const best = topK(Float32Array.from(z), Math.min(PEAK_TOKENS, count));
  const peak = best.reduce((sum, id) => sum + z[id], 0) / best.length;
  const top = Math.max(FULL_TRUST, peak);
  return {
    peak,
    confidence: clamp((peak - NO_TRUST) / (FULL_TRUST - NO_TRUST)),
    scores: z.map((value) => clamp((value - LEAST_Z) / (top - LEAST_Z)) ** 2),
  };
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
