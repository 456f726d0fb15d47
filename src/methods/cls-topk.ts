import { topK } from "../math/index.js";
import { defineMethod } from "./define-method.js";
import { keepTokens } from "./shared/plan-rows.js";

/**
 * Keeps the K tokens that the class token attends to most.
 *
 * Formula: the K largest a_j, ties to the lower id. Source: the plain baseline of FasterVLM (arXiv 2412.01818).
 * Deviation: the attention is the table's column, one head over the full width unless the adapter says otherwise.
 */
export const clsTopK = defineMethod({
  id: "cls-topk",
  summary: "the K tokens with the highest CLS attention",
  reference: "FasterVLM, arXiv 2412.01818",
  needs: ["clsAttention"],
  choose: ({ table, retain }) => keepTokens(topK(table.clsAttention, retain), table.count),
});
