import { BudgetError } from "./errors.js";

/**
 * How many rows to keep: an exact count, a share of the source rows, or as many as the method finds in the picture
 * (`dynamic`, for methods that can).
 */
export type Budget = { readonly retain: number } | { readonly retentionRatio: number } | "dynamic";

/**
 * The count a fixed budget asks for among `count` tokens. A ratio r gives max(1, floor(r · count)).
 *
 * @throws BudgetError for a count that is no whole number from 1 to `count`, a ratio outside (0, 1].
 */
export function fixedBudget(operation: string, budget: Exclude<Budget, "dynamic">, count: number): number {
  if ("retain" in budget) {
    const { retain } = budget;
    if (!Number.isInteger(retain) || retain < 1 || retain > count) {
      throw new BudgetError({
        operation,
        expected: `retain as a whole number from 1 to ${count}`,
        got: String(retain),
      });
    }
    return retain;
  }
  const { retentionRatio } = budget;
  if (!(retentionRatio > 0 && retentionRatio <= 1)) {
    throw new BudgetError({ operation, expected: "retentionRatio above 0 and at most 1", got: String(retentionRatio) });
  }
  // 1e-9: a ratio computed as k / count must give k back.
  return Math.max(1, Math.floor(retentionRatio * count + 1e-9));
}
