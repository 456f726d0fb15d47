/** @file Methods beside each other, with their options. */
import type { CompressionMethod, CompressionPlan, TokenTable } from "../../src/core/index.js";
import { findMethod, type MethodId, withMass } from "../../src/methods/index.js";

/** A method as it takes part. */
export interface Contender {
  readonly name: string;
  /** Whether it reads the similarity, so that a wrong one can mislead it. */
  readonly readsText: boolean;
  /** The plan of so many rows, with the mass that the method gives them. */
  plan(table: TokenTable, budget: number): CompressionPlan;
}

/** Those that read the text first, `recoup` first of each. */
export const CONTENDERS: readonly Contender[] = [
  reader("recoup"),
  reader("cdpruner"),
  reader("cdpruner-cen"),
  // One vector per question is all that the bundled tower gives.
  reader("facility", { relevance: "sentence" }),
  reader("text-topk"),
  silent("recoup", "recoup, no text"),
  silent("cdpruner-cen", "cdpruner-cen, no text"),
  silent("divprune"),
  silent("divprune-cen"),
];

function reader(id: MethodId, options: object = {}): Contender {
  const method: CompressionMethod = findMethod(id as string);
  return { name: id, readsText: true, plan: (table, budget) => weighed(method, table, { budget, ...options }) };
}

/** A method on tables without similarity, whatever they have. */
function silent(id: MethodId, name: string = id): Contender {
  const method: CompressionMethod = findMethod(id as string);
  const plan = (table: TokenTable, budget: number) =>
    weighed(method, { ...table, textSimilarity: undefined }, { budget });
  return { name, readsText: false, plan };
}

/** The plan of a method, with its mass. */
export function weighed(method: CompressionMethod, table: TokenTable, options: { budget: number }): CompressionPlan {
  return withMass(method.plan(table, options), method, table.features);
}
