import { topK } from "../../math/index.js";
import type { Rules } from "./options.js";
import { outlierScale } from "./outlier-scale.js";
import { type Selection, select } from "./selection.js";

/**
 * Step 1, visual filter: the tokens that the class token attends to most, as many as its attention has outliers.
 *
 * `paper`: the number of high outliers. Official variants: trunc(N · ratio), outliers of both sides, in double precision as
 * released (at some N that loses one).
 *
 * @param clsAttention of all tokens, `[N]`.
 * @param count takes this many instead.
 */
export function visualFilter(clsAttention: Float32Array, rules: Rules, count?: number): Selection {
  if (count !== undefined) return select(topK(clsAttention, count));
  const scale = outlierScale(clsAttention, rules.outlierNeighbors.visual, rules, "outlier factor of the CLS attention");
  const dynamic = rules.variant === "paper" ? scale.outliers : Math.trunc(clsAttention.length * scale.ratio);
  return select(topK(clsAttention, dynamic), scale);
}
