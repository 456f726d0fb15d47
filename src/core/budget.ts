import { BudgetError, refusalFor } from "./errors.js";
import { isPlain } from "./options.js";

/**
 * How many rows to keep: an exact count, a share of the source rows, or as many as the method finds in the image
 * (`dynamic`, for methods that can).
 */
export type Budget = { readonly retain: number } | { readonly retentionRatio: number } | "dynamic";

/**
 * The count a fixed budget asks for among `count` tokens. A ratio r gives max(1, floor(r · count)).
 *
 * @param count Infinity where it is not known yet.
 * @throws BudgetError for anything else, both at once, a count that is no whole number from 1 to `count`, a ratio outside (0, 1].
 */
export function fixedBudget(operation: string, budget: Exclude<Budget, "dynamic">, count: number): number {
  const refuse = refusalFor(operation, BudgetError);
  const { retain, retentionRatio }: Record<string, unknown> = isPlain(budget) ? { ...budget } : {};
  if (retain !== undefined && retentionRatio !== undefined) throw refuse("retain or retentionRatio, not both", budget);
  if (retain !== undefined) {
    if (Number.isInteger(retain) && (retain as number) >= 1 && (retain as number) <= count) return retain as number;
    throw refuse(`retain as a whole number from 1${count === Infinity ? "" : ` to ${count}`}`, retain);
  }
  if (retentionRatio === undefined) throw refuse('a budget { retain }, { retentionRatio } or "dynamic"', budget);
  if (typeof retentionRatio !== "number" || !(retentionRatio > 0 && retentionRatio <= 1)) {
    throw refuse("retentionRatio above 0 and at most 1", retentionRatio);
  }
  // 1e-9: a ratio computed as k / count must give k back.
  return Math.max(1, Math.floor(retentionRatio * count + 1e-9));
}
