import { topK } from "../math/index.js";
import { defineMethod } from "./define-method.js";
import { keepTokens } from "./shared/plan-rows.js";
import { textRelevance } from "./shared/relevance.js";

/**
 * Keeps the K tokens most similar to the question, as `text` rows: the question alone, whatever the image shows elsewhere.
 *
 * Formula: the K largest textPolarity · s_j, ties to the lower id.
 */
export const textTopK = defineMethod({
  id: "text-topk",
  summary: "the K tokens most similar to the question",
  reference: "no paper: the text filter of Recoverable Compression (arXiv 2409.01179) alone, at a fixed K",
  needs: ["textSimilarity"],
  choose: ({ table, retain }) => keepTokens(topK(textRelevance(table), retain), table.count, "text"),
});
