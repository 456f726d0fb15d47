/** @file Which rows a picture keeps for a question: the caller's choice, filled in from the model's manifest. */
import {
  type CompressionMethod,
  type CompressionPlan,
  InvalidInputError,
  type MethodOptions,
  type TokenTable,
} from "../core/index.js";
import { findMethod } from "../methods/index.js";
import type { ModelManifest } from "./manifest.js";

/**
 * A method by its id, or one of the caller's own, and its options (`budget`, …). Default: the model's method with its defaults.
 */
export type Compression = MethodOptions & {
  readonly method?: string | CompressionMethod;
  /** Sign of the text similarity instead of the manifest's, to try the other one. */
  readonly textPolarity?: 1 | -1;
  readonly [option: string]: unknown;
};

/** A method with all that it is called with. */
export interface Chosen {
  readonly method: string;
  /** Whether it reads anything but places. */
  readonly readsSignals: boolean;
  plan(table: TokenTable): CompressionPlan;
}

/**
 * Checks the choice before any work is done.
 *
 * @throws InvalidInputError for an unknown method, or one that reads the text's similarity of a model whose sign nobody has said.
 */
export function chooseMethod(manifest: ModelManifest, compression: Compression = {}): Chosen {
  const { method: id, textPolarity = manifest.textPolarity, ...options } = compression;
  const method = typeof id === "object" ? id : findMethod(id ?? manifest.defaultMethod);
  const needs = method.needsWith?.(options as MethodOptions) ?? method.needs;
  const missing = needs.find((signal) => !manifest.signals.includes(signal));
  if (missing !== undefined) {
    throw new InvalidInputError({
      operation: "ask",
      expected: `a method that needs ${manifest.signals.join(", ")}`,
      got: `${method.id}, which needs ${missing}`,
    });
  }
  if (textPolarity !== 1 && textPolarity !== -1 && (textPolarity !== undefined || needs.includes("textSimilarity"))) {
    throw new InvalidInputError({
      operation: "ask",
      expected: "textPolarity 1 or -1, since the model's manifest does not say whether named patches score high or low",
      got: textPolarity === undefined ? "neither" : String(textPolarity),
    });
  }
  return {
    method: method.id,
    readsSignals: needs.some((signal) => signal !== "grid"),
    plan: (table) =>
      method.plan(textPolarity === undefined ? table : { ...table, textPolarity }, options as MethodOptions),
  };
}

/** A budget over several pictures as one for each: a shared count is dealt out evenly, the first ones get what is left over. */
export function budgetOfPicture(compression: Compression, picture: number, pictures: number): Compression {
  const { budget } = compression;
  if (budget === undefined || typeof budget !== "object" || budget === null || !("retain" in budget))
    return compression;
  if (budget.retain < pictures) {
    throw new InvalidInputError({
      operation: "ask",
      expected: `a shared budget of at least ${pictures} rows for ${pictures} pictures`,
      got: String(budget.retain),
    });
  }
  const share = Math.floor(budget.retain / pictures) + (picture < budget.retain % pictures ? 1 : 0);
  return { ...compression, budget: { retain: share } };
}
