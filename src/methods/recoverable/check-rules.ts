import { BudgetError, InvalidInputError } from "../../core/index.js";
import { type RecoverableOptions, type Rules, resolveRules } from "./options.js";

/** The rules of the given options; throws at the first option that does not fit a table of `count` tokens. */
export function checkedRules(options: RecoverableOptions, count: number): Rules {
  if (typeof (options.outlierNeighbors ?? {}) !== "object") {
    refuse("outlierNeighbors as { visual, text, rest }", options.outlierNeighbors);
  }
  const rules = resolveRules(options);
  const { minTokens, maxTokens, outlierNeighbors } = rules;
  oneOf("variant", rules.variant, ["paper", "official", "official-alt"]);
  oneOf("merge", rules.merge, ["sum", "mean"]);
  oneOf("order", rules.order, ["append", "grid"]);
  oneOf("textPolarity", rules.textPolarity, [1, -1]);
  whole("mergeNeighbors", rules.mergeNeighbors, 0);
  whole("outlierNeighbors.visual", outlierNeighbors.visual, 1);
  whole("outlierNeighbors.text", outlierNeighbors.text, 1);
  whole("outlierNeighbors.rest", outlierNeighbors.rest, 1);
  if (!Number.isFinite(rules.textWeight)) refuse("a finite textWeight", rules.textWeight);
  if (!Number.isInteger(minTokens) || minTokens < 0 || minTokens > count) {
    budget(`minTokens as a whole number from 0 to ${count}`, minTokens);
  }
  if (!(maxTokens === Infinity || Number.isInteger(maxTokens)) || maxTokens < Math.max(1, minTokens)) {
    budget(`maxTokens as a whole number of at least ${Math.max(1, minTokens)}`, maxTokens);
  }
  return rules;
}

function oneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) refuse(`${name} as one of ${allowed.join(", ")}`, value);
}

function whole(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) refuse(`${name} as a whole number of at least ${least}`, value);
}

function refuse(expected: string, got: unknown): never {
  throw new InvalidInputError({ operation: "recoverable", expected, got: String(got) });
}

function budget(expected: string, got: unknown): never {
  throw new BudgetError({ operation: "recoverable", expected, got: String(got) });
}
