/** @file Options that every baked method has. */
import { type Budget, BudgetError, type BudgetRows, budgetRows, refusalFor } from "../../core/index.js";
import { OnnxInputError } from "../proto/errors.js";

/** Refusals of options. */
export const refusal = refusalFor("bake", OnnxInputError);
/** Refusals of budgets. */
export const refuseBudget = refusalFor("bake", BudgetError);

/** Options that every baked method has. */
export interface SharedBakeOptions {
  /** Number of source tokens N, from 2 to 4096. */
  readonly tokens: number;
  /** How many rows, below N; what is possible and the default are the method's. */
  readonly budget?: Budget;
  /**
   * `dynamic`: decisions in double precision, so they are those of the library. `static`: float32, and every node has a WebGPU kernel;
   * tokens that are all but tied may be decided otherwise. Default: `dynamic`.
   */
  readonly form?: "dynamic" | "static";
  /** 1 if tokens that show the text's objects have high similarity, -1 if low. A property of the model, so there is no default. */
  readonly textPolarity: 1 | -1;
  /** One output more: the weights of each row over the source tokens, [K, N]. Default: false. */
  readonly weights?: boolean;
}

/** The shared options spelled out. */
export interface SharedBakeRules extends Required<Omit<SharedBakeOptions, "budget">> {
  /** Exactly this many rows, or bounds of the number that the method decides. */
  readonly asked: BudgetRows;
}

/** Whole numbers stay exact in float32, and a graph that compares all pairs has matrices of 64 MiB each. */
const MAX_TOKENS = 4096;

/** Fills in the defaults. @throws BudgetError for the budget, OnnxInputError at the first other option that does not fit. */
export function sharedRules(options: SharedBakeOptions, budget: Budget): SharedBakeRules {
  const { tokens, textPolarity, form = "dynamic", weights = false } = options;
  whole("tokens", tokens, 2, MAX_TOKENS);
  const asked = budgetRows("bake", budget, tokens);
  if (asked.retain === tokens) throw refuseBudget(`a budget of rows from 1 to ${tokens - 1}`, budget);
  if (textPolarity !== 1 && textPolarity !== -1) throw refusal("textPolarity 1 or -1", textPolarity);
  if (form !== "dynamic" && form !== "static") throw refusal("form dynamic or static", form);
  return { tokens, asked, form, textPolarity, weights };
}

/** Throws unless `value` is a whole number from `least` to `most`. */
export function whole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw refusal(`${name} as a whole number from ${least} to ${most}`, value);
}

/** Throws at an option that only another method has: it would be ignored. */
export function refuseForeign(method: string, options: object, foreign: readonly string[]): void {
  const name = Object.keys(options).find((each) => foreign.includes(each));
  if (name !== undefined && (options as Record<string, unknown>)[name] !== undefined) {
    throw refusal(`options of ${method}`, `${name}, an option of another method`);
  }
}
