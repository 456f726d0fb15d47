/** @file Options of the baked methods, checked and with their defaults. */
import { onnxOptions } from "../proto/assert-model.js";
import { type BakeRecoupOptions, RECOUP_OPTIONS, type RecoupRules, recoupRules } from "./recoup/options.js";
import {
  type BakeRecoverableOptions,
  RECOVERABLE_OPTIONS,
  type RecoverableRules,
  recoverableRules,
} from "./recoverable/options.js";
import { refusal, refuseForeign } from "./shared-options.js";

/** A method and its options; without `method` it is `recoup`. */
export type BakeMethodOptions = BakeRecoupOptions | BakeRecoverableOptions;

/** All options of the method spelled out. */
export type BakeRules = RecoupRules | RecoverableRules;

/** Fills in the defaults. @throws BudgetError for the budget, OnnxInputError at the first other option that does not fit. */
export function bakeRules(given: BakeMethodOptions): BakeRules {
  const options = onnxOptions("bake", given, {});
  const { method = "recoup" } = options;
  if (method !== "recoup" && method !== "recoverable") throw refusal("method recoup or recoverable", method);
  refuseForeign(method, options, method === "recoup" ? RECOVERABLE_OPTIONS : RECOUP_OPTIONS);
  return options.method === "recoverable" ? recoverableRules(options) : recoupRules(options as BakeRecoupOptions);
}
