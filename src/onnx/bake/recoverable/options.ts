/** @file Options of the baked `recoverable`. */
import type { Budget } from "../../../core/index.js";
import {
  refusal,
  refuseBudget,
  type SharedBakeOptions,
  type SharedBakeRules,
  sharedRules,
  whole,
} from "../shared-options.js";

/** Options of the baked `recoverable`, variant `paper`; defaults are those of the library's method. */
export interface BakeRecoverableOptions extends SharedBakeOptions {
  readonly method: "recoverable";
  /**
   * How many rows, below N. Default `"dynamic"`: outlier factors decide. The static form needs a number or an upper bound: 58, 0.1,
   * { max: 128 }; it always has as many rows as the budget allows, zero from `count` on.
   */
  readonly budget?: Budget;
  /** Default: `sum`. */
  readonly merge?: "sum" | "mean";
  /** Default: 32. */
  readonly mergeNeighbors?: number;
  /** Default: 50 · 768^-0.5 on a cosine. */
  readonly textWeight?: number;
  /** k of the outlier factors. Default: 20, 20, 10. */
  readonly outlierNeighbors?: { readonly visual?: number; readonly text?: number; readonly rest?: number };
}

/** Names of the options that this method alone has. */
export const RECOVERABLE_OPTIONS = ["merge", "mergeNeighbors", "textWeight", "outlierNeighbors"] as const;

/** All options spelled out. */
export interface RecoverableRules extends SharedBakeRules {
  readonly method: "recoverable";
  readonly merge: "sum" | "mean";
  readonly mergeNeighbors: number;
  readonly textWeight: number;
  /** Rows of the static form, K; undefined where the image decides. */
  readonly rows?: number;
  /** k of the outlier factors, by kind of row. */
  readonly neighbors: { readonly visual: number; readonly text: number; readonly rest: number };
}

/** Fills in the defaults. @throws BudgetError for the budget, OnnxInputError at the first other option that does not fit. */
export function recoverableRules(options: BakeRecoverableOptions): RecoverableRules {
  const { budget = "dynamic", merge = "sum", mergeNeighbors = 32, textWeight = 50 / Math.sqrt(768) } = options;
  const { outlierNeighbors = {} } = options;
  if (typeof outlierNeighbors !== "object" || outlierNeighbors === null)
    throw refusal("outlierNeighbors as an object", outlierNeighbors);
  const shared = sharedRules(options, budget);
  const { tokens, asked, form } = shared;
  const most = asked.retain ?? asked.max ?? tokens;
  if (merge !== "sum" && merge !== "mean") throw refusal("merge sum or mean", merge);
  if (form === "static" && most === tokens) {
    throw refuseBudget(`a budget of fewer rows than ${tokens} for the static form, or { max } below it`, budget);
  }
  whole("mergeNeighbors", mergeNeighbors, 0, Number.MAX_SAFE_INTEGER);
  if (!Number.isFinite(textWeight)) throw refusal("a finite textWeight", textWeight);
  const { visual = 20, text = 20, rest = 10 } = outlierNeighbors;
  for (const [name, k] of Object.entries({ visual, text, rest })) whole(`outlierNeighbors.${name}`, k, 1, Infinity);
  const rows = form === "static" ? most : undefined;
  return {
    ...shared,
    method: "recoverable",
    merge,
    mergeNeighbors,
    textWeight,
    rows,
    neighbors: { visual, text, rest },
  };
}
