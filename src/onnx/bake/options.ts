/** @file Options of the baked method, checked and with their defaults. */
import { type Budget, BudgetError, type BudgetRows, budgetRows, refusalFor } from "../../core/index.js";
import { onnxOptions } from "../proto/assert-model.js";
import { OnnxInputError } from "../proto/errors.js";

const refusal = refusalFor("bake", OnnxInputError);
const refuseBudget = refusalFor("bake", BudgetError);

/** Options of the baked method: `recoverable`, variant `paper`, as in `recoup`; defaults are the same. */
export interface BakeMethodOptions {
  /** Number of source tokens N, from 2 to 4096: the graph compares all pairs. */
  readonly tokens: number;
  /**
   * How many rows, below N. Default `"dynamic"`: outlier factors decide. The static form needs a number or an upper bound: 58, 0.1,
   * { max: 128 }.
   */
  readonly budget?: Budget;
  /**
   * `dynamic`: as many rows as the image needs; distances in double precision, so decisions are those of the library. `static`:
   * always as many as the budget allows, zero from `count` on; every node has a WebGPU kernel. Distances are rounded to float32 then, so
   * tokens that are all but tied may be decided otherwise.
   */
  readonly form?: "dynamic" | "static";
  /** 1 if tokens that show the text's objects have high similarity, -1 if low. A property of the model, so there is no default. */
  readonly textPolarity: 1 | -1;
  /** Default: `sum`. */
  readonly merge?: "sum" | "mean";
  /** Default: 32. */
  readonly mergeNeighbors?: number;
  /** Default: 50 · 768^-0.5 on a cosine. */
  readonly textWeight?: number;
  /** k of the outlier factors. Default: 20, 20, 10. */
  readonly outlierNeighbors?: { readonly visual?: number; readonly text?: number; readonly rest?: number };
  /** One output more: the weights of each row over the source tokens, [K, N]. Default: false. */
  readonly weights?: boolean;
}

/** All options spelled out. */
export interface BakeRules extends Required<Omit<BakeMethodOptions, "budget" | "outlierNeighbors">> {
  /** Exactly this many rows, or bounds of the number that outlier factors decide. */
  readonly asked: BudgetRows;
  /** Rows of the static form, K; undefined where the image decides. */
  readonly rows?: number;
  /** k of the outlier factors, by kind of row. */
  readonly neighbors: { readonly visual: number; readonly text: number; readonly rest: number };
}

/** Pairs of tokens are compared in matrices of N x N floats: 64 MiB each at 4096. Counts stay exact in float32 too. */
const MAX_TOKENS = 4096;

/** Fills in the defaults. @throws BudgetError for the budget, OnnxInputError at the first other option that does not fit. */
export function bakeRules(given: BakeMethodOptions): BakeRules {
  const options = onnxOptions("bake", given, {});
  const { tokens, budget = "dynamic", textPolarity, merge = "sum", form = "dynamic", weights = false } = options;
  const { mergeNeighbors = 32, textWeight = 50 / Math.sqrt(768), outlierNeighbors = {} } = options;
  if (typeof outlierNeighbors !== "object" || outlierNeighbors === null)
    throw refusal("outlierNeighbors as an object", outlierNeighbors);
  whole("tokens", tokens, 2, MAX_TOKENS);
  const asked = budgetRows("bake", budget, tokens);
  const most = asked.retain ?? asked.max ?? tokens;
  if (asked.retain === tokens) throw refuseBudget(`a budget of rows from 1 to ${tokens - 1}`, budget);
  if (textPolarity !== 1 && textPolarity !== -1) throw refusal("textPolarity 1 or -1", textPolarity);
  if (merge !== "sum" && merge !== "mean") throw refusal("merge sum or mean", merge);
  if (form !== "dynamic" && form !== "static") throw refusal("form dynamic or static", form);
  if (form === "static" && most === tokens) {
    throw refuseBudget(`a budget of fewer rows than ${tokens} for the static form, or { max } below it`, budget);
  }
  whole("mergeNeighbors", mergeNeighbors, 0, Number.MAX_SAFE_INTEGER);
  if (!Number.isFinite(textWeight)) throw refusal("a finite textWeight", textWeight);
  const { visual = 20, text = 20, rest = 10 } = outlierNeighbors;
  for (const [name, k] of Object.entries({ visual, text, rest })) whole(`outlierNeighbors.${name}`, k, 1, Infinity);
  const rows = form === "static" ? most : undefined;
  const neighbors = { visual, text, rest };
  return { tokens, asked, form, rows, textPolarity, merge, mergeNeighbors, textWeight, neighbors, weights };
}

function whole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw refusal(`${name} as a whole number from ${least} to ${most}`, value);
}
