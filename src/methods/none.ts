import { BudgetError, type CompressionMethod, type MethodOptions, refusalFor, shape } from "../core/index.js";
import { defineMethod } from "./define-method.js";

const keepAll = defineMethod({
  id: "none",
  summary: "every token as it is: the uncompressed reference",
  reference: "no paper: the identity",
  needs: [],
  choose: ({ table, retain }) => {
    throw refusalFor("none", BudgetError)(`all ${table.count} tokens`, retain);
  },
});

/**
 * Keeps every token, so that a comparison has its uncompressed row. The default budget is all N tokens; a smaller one is
 * refused (BudgetError), since this method drops nothing.
 */
export const none: CompressionMethod = {
  ...keepAll,
  plan(table, options = {}, context = {}) {
    const { budget = { retentionRatio: 1 } } = Object(options) as MethodOptions;
    return keepAll.plan(table, shape.isRecord(options) ? { ...options, budget } : options, context);
  },
};
