/**
 * @file Recoverable Compression (Chen et al., arXiv 2409.01179, AAAI 2025): keep the tokens that the class token attends
 * to, recover those that the question points at, merge the rest. The numbers of all three come from the image itself, as
 * outliers among scores. Three readings: see `Variant`; the differences are listed in docs/variants.md.
 *
 * Official code: banjiuyufen/Recoverable-Compression, commit d927594 (facts and formulas only).
 */
import {
  BudgetError,
  identityPlan,
  type MethodContext,
  refusalFor,
  type Signal,
  type TokenTable,
} from "../../core/index.js";
import { defineDynamicMethod } from "../define-method.js";
import { OPTION_SHAPES, type Preset, type RecoverableOptions, spelledOut } from "./options.js";
import { type RecoverableSteps, type RecoverableTable, runSteps } from "./steps.js";

export type { MergeRule, OutlierNeighbors, RecoverableOptions, Variant } from "./options.js";
export type { Choice, RecoverableSteps, RecoverableTable } from "./steps.js";

/** @param tell hears of all that led to a plan. */
function defineRecoverable(tell?: (steps: RecoverableSteps) => void) {
  return defineDynamicMethod<RecoverableOptions, keyof RecoverableTable & Signal, Preset>({
    id: "recoverable",
    summary: "visual filter, text information recovery, secondary recovery by merging; finds its own number of rows",
    reference: "Recoverable Compression, arXiv 2409.01179",
    needs: ["features", "keys", "clsAttention", "textSimilarity"],
    options: OPTION_SHAPES,
    choose(decision, options) {
      const rules = spelledOut(options);
      // The paper's floor of one row is all that there is.
      if (decision.table.count === 1 && rules.variant === "paper") return identityPlan(1);
      const steps = runSteps(decision, rules);
      tell?.(steps);
      return steps.plan;
    },
  });
}

/**
 * The paper's method. Own rows in raster order, then merged rows by descending attention of their centers, then the residual.
 *
 * With `budget: "dynamic"` (the default) outlier factors decide the number of rows: at least one in `paper`, where the token with the
 * highest CLS attention stays if nothing stands out, and perhaps none in the official variants. With a fixed budget, and beyond bounds,
 * their shares are scaled to exactly that many rows.
 *
 * @throws OfficialFailureError where a variant follows the released code to where it raises.
 */
export const recoverable = defineRecoverable();

/**
 * The same decision with all that led to it: outlier factors, selections in order of score, centers, neighbors. For
 * explanations and for comparison with the released code; `steps.plan` equals `recoverable.plan(table, options)`.
 *
 * @throws BudgetError for a budget of all N rows: nothing is decided then.
 */
export function recoverableSteps(
  table: TokenTable,
  options?: RecoverableOptions,
  context?: MethodContext,
): RecoverableSteps {
  const told: RecoverableSteps[] = [];
  defineRecoverable((steps) => told.push(steps)).plan(table, options, context);
  if (told.length === 0) throw refusalFor("recoverableSteps", BudgetError)("fewer rows than tokens", table.count);
  return told[0];
}
