import { take } from "../../core/index.js";
import { topK } from "../../math/index.js";
import type { Rules, ScoreTable } from "./options.js";
import { outlierScale } from "./outlier-scale.js";
import { at, complement, type Selection, select } from "./selection.js";

/** What the step chose, and from which scores. */
export interface TextRecovery extends Selection {
  /** `official` only: the similarities with those of the visual tokens set to the minimum, `[N]`. */
  readonly masked?: Float32Array;
}

/**
 * Step 2, text information recovery: of the tokens that the visual filter left, those that the question points at.
 *
 * `paper`: outlier factors over the tokens left; as many as have a high one. `official`: factors over all N similarities,
 * those of the visual tokens overwritten with the minimum; trunc((N - n_visual) · ratio) tokens. `official-alt`: factors
 * over all N untouched similarities; the top trunc(N · ratio) of all, of which visual ones are had already.
 *
 * @param table all tokens; high similarity means relevant.
 * @param visual the tokens of step 1.
 * @param count takes this many of the tokens left instead.
 */
export function recoverTextInformation(
  table: ScoreTable,
  visual: Selection,
  rules: Rules,
  count?: number,
): TextRecovery {
  const left = take(table, complement(table.count, visual.source));
  if (count !== undefined) return select(bestOf(left, count));
  if (rules.variant === "official-alt") return recoverFromAll(table, visual, rules);
  if (rules.variant === "official") {
    const masked = maskVisual(table.textSimilarity, visual);
    const scale = textScale(masked, rules);
    return { ...select(bestOf(left, Math.trunc(left.count * scale.ratio)), scale), masked };
  }
  const scale = textScale(left.textSimilarity, rules);
  return select(bestOf(left, scale.outliers), scale);
}

function recoverFromAll(table: ScoreTable, visual: Selection, rules: Rules): TextRecovery {
  const scale = textScale(table.textSimilarity, rules);
  const best = topK(table.textSimilarity, Math.trunc(table.count * scale.ratio));
  const have = new Set(visual.source);
  return select(
    best.filter((id) => !have.has(id)),
    scale,
  );
}

function textScale(similarity: Float32Array, rules: Rules) {
  return outlierScale(similarity, rules.outlierNeighbors.text, rules, "outlier factor of the text similarity");
}

/** Source ids of the `count` most similar rows. */
function bestOf(left: ScoreTable, count: number): Uint32Array {
  return at(left.source, topK(left.textSimilarity, count));
}

function maskVisual(similarity: Float32Array, visual: Selection): Float32Array {
  const masked = similarity.slice();
  const lowest = similarity.reduce((a, b) => Math.min(a, b));
  for (const id of visual.source) masked[id] = lowest;
  return masked;
}
