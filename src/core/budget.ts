import { BudgetError, refusalFor } from "./errors.js";
import { isRecord } from "./shape.js";

/**
 * How many rows to keep: an exact count, a share of the source rows, or as many as the method finds in the image
 * (`dynamic`, for methods that can).
 */
export type Budget = { readonly retain: number } | { readonly retentionRatio: number } | "dynamic";

/**
 * The count a fixed budget asks for among `count` tokens. A ratio r gives max(1, floor(r · count)).
 *
 * @throws BudgetError for anything else, a count that is no whole number from 1 to `count`, a ratio outside (0, 1].
 */
export function fixedBudget(operation: string, budget: Exclude<Budget, "dynamic">, count: number): number {
  const refuse = refusalFor(operation, BudgetError);
  if (isRecord(budget) && "retain" in budget) {
    const { retain } = budget;
    if (Number.isInteger(retain) && retain >= 1 && retain <= count) return retain;
    throw refuse(`retain as a whole number from 1 to ${count}`, retain);
  }
  if (!isRecord(budget) || !("retentionRatio" in budget)) {
    throw refuse('a budget { retain }, { retentionRatio } or "dynamic"', budget);
  }
  const { retentionRatio } = budget;
  if (typeof retentionRatio !== "number" || !(retentionRatio > 0 && retentionRatio <= 1)) {
    throw refuse("retentionRatio above 0 and at most 1", retentionRatio);
  }
  // 1e-9: a ratio computed as k / count must give k back.
  return Math.max(1, Math.floor(retentionRatio * count + 1e-9));
}
