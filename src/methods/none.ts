import { BudgetError, type CompressionMethod } from "../core/index.js";
import { defineMethod } from "./define-method.js";

const keepAll = defineMethod({
  id: "none",
  summary: "every token as it is: the uncompressed reference",
  reference: "no paper: the identity",
  needs: [],
  choose: ({ table, retain }) => {
    throw new BudgetError({ operation: "none", expected: `all ${table.count} tokens`, got: String(retain) });
  },
});

/**
 * Keeps every token, so that a comparison has its uncompressed row. The default budget is all N tokens; a smaller one is
 * refused (BudgetError), since this method drops nothing.
 */
export const none: CompressionMethod = {
  ...keepAll,
  plan: (table, options = {}, context) =>
    keepAll.plan(table, { ...options, budget: options.budget ?? { retentionRatio: 1 } }, context),
};
