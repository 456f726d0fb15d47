import { BudgetError, refusalFor } from "../core/index.js";
import { defineMethod } from "./define-method.js";

/**
 * Keeps every token, so that a comparison has its uncompressed row. The default budget is all N tokens; a smaller one is
 * refused (BudgetError), since this method drops nothing.
 */
export const none = defineMethod({
  id: "none",
  summary: "every token as it is: the uncompressed reference",
  reference: "no paper: the identity",
  needs: [],
  budgetOf: ({ budget = { ratio: 1 } }) => budget,
  choose({ table, retain }) {
    throw refusalFor("none", BudgetError)(`all ${table.count} tokens`, retain);
  },
});
