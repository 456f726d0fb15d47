import type { MethodOptions } from "../core/index.js";
import { topK } from "../math/index.js";
import { defineMethod } from "./define-method.js";
import { keepTokens } from "./shared/keep-tokens.js";
import { checkPolarity } from "./shared/relevance.js";

export interface TextTopKOptions extends MethodOptions {
  /**
   * 1 (default) if patches that the text names score high in `textSimilarity`, -1 if they score low. A property of the model,
   * not of the picture: in published CLIP towers the patches of the named object often score low.
   */
  readonly textPolarity?: 1 | -1;
}

/**
 * Keeps the K tokens most similar to the question, as `text` rows: the question alone, without a look at the picture.
 *
 * Formula: the K largest textPolarity · s_j, ties to the lower id.
 */
export const textTopK = defineMethod<TextTopKOptions, "textSimilarity">({
  id: "text-topk",
  summary: "the K tokens most similar to the question",
  reference: "no paper: the text filter of Recoverable Compression (arXiv 2409.01179) alone, at a fixed K",
  needs: ["textSimilarity"],
  options: ["textPolarity"],
  choose: ({ table, retain }, { textPolarity = 1 }) => {
    checkPolarity("text-topk", textPolarity);
    const scores = table.textSimilarity.map((similarity) => similarity * textPolarity);
    return keepTokens(topK(scores, retain), table.count, { role: "text" });
  },
});
