/** @file Which rows an image keeps for a question: the caller's choice, filled in from the model's manifest. */
import {
  type Budget,
  BudgetError,
  type CompressionMethod,
  type CompressionPlan,
  checkedBudget,
  didYouMean,
  lackingIds,
  type MethodOptions,
  nearestName,
  refusalFor,
  shape,
  type TokenTable,
  type VisualTokens,
} from "../core/index.js";
import {
  type EvidenceStrength,
  findMethod,
  type MethodOptionsOf,
  type NamedMethod,
  neededSignals,
  readSignals,
  textEvidence,
  withMass,
} from "../methods/index.js";
import type { ModelManifest } from "./manifest.js";

const refuse = refusalFor("ask");

/**
 * A method by its id with its own options, or one of the caller's own; and how many rows stay. Without a method: the model's, of which
 * the options are.
 */
export type Compression = (NamedMethod | OwnMethod | DefaultMethod) & {
  /** Sign of the text similarity instead of the manifest's, to try the other one. */
  readonly textPolarity?: 1 | -1;
};

/** A method that the caller made, and its options, which only the method knows. */
export interface OwnMethod extends MethodOptions {
  readonly method: CompressionMethod;
  readonly [option: string]: unknown;
}

/** Options of the model's own method, which is one of these two. */
type DefaultMethod = { readonly method?: undefined } & (MethodOptionsOf<"recoup"> | MethodOptionsOf<"divprune-cen">);

/** Shapes of the options that are no method's own. */
export const COMPRESSION = {
  method: shape.optional(shape.value("a method's id, or a method { id, needs, plan }", isMethod)),
  // Its own check says what is wrong with it.
  budget: shape.optional(shape.anything),
};

function isMethod(value: unknown): boolean {
  if (typeof value === "string") return true;
  if (!shape.isRecord(value) || typeof value.id !== "string") return false;
  const isFunction = (field: unknown) => typeof field === "function";
  const { needs, uses = [], needsWith, plan } = value;
  const areNames = [needs, uses].every((names) => shape.fits(names, shape.list(shape.text)));
  return areNames && isFunction(plan) && (needsWith === undefined || isFunction(needsWith));
}

/** What stands beside the options of a method, which lists its own alone where it is given another. */
const NO_OPTIONS = ["method", "textPolarity"];

/**
 * Checks the choice before any work is done.
 *
 * @returns the method's id, whether it reads anything but places, and its plan of a signed table with all of its options.
 * @throws InvalidInputError for an unknown method, options that it refuses, or one that reads the text's similarity of a model whose
 *   sign nobody has said; BudgetError.
 */
export function chooseMethod(manifest: ModelManifest, compression: Compression) {
  const { method: id, textPolarity = manifest.textPolarity, budget, ...own } = compression;
  const options: MethodOptions = budget === undefined ? own : { ...own, budget: checkedBudget("ask", budget) };
  const method: CompressionMethod = typeof id === "object" ? id : findMethod((id ?? manifest.defaultMethod) as string);
  const typo = Object.keys(own).find((name) => !method.options?.includes(name) && nearestName(name, NO_OPTIONS));
  if (typo !== undefined)
    throw refuse("method, budget and a method's own options", typo + didYouMean(nearestName(typo, NO_OPTIONS)));
  const needs = neededSignals(method, options);
  const missing = needs.find((signal) => !manifest.signals.includes(signal));
  if (missing !== undefined) {
    throw refuse(`a method that needs ${manifest.signals.join(", ")}`, `${method.id}, which needs ${missing}`);
  }
  const reads = readSignals(method, options, manifest.signals);
  if (textPolarity !== 1 && textPolarity !== -1 && (textPolarity !== undefined || reads.includes("textSimilarity"))) {
    throw refuse(
      "textPolarity 1 or -1, since the model's manifest does not say whether named patches score high or low",
      textPolarity ?? "neither",
    );
  }
  method.checkOptions?.(options);
  return {
    method: method.id,
    readsSignals: reads.some((signal) => signal !== "grid"),
    /** The table with the sign of the model's, or the caller's, text similarity. */
    signed: (table: TokenTable) => (textPolarity === undefined ? table : { ...table, textPolarity }),
    /** How clearly the question points at something in a signed table; undefined without its similarity, or the sign of that. */
    evidence(table: TokenTable): EvidenceStrength | undefined {
      if (table.textSimilarity === undefined || textPolarity === undefined) return undefined;
      const { peak, confidence } = textEvidence(table);
      return { peak, confidence };
    },
    plan: (table: TokenTable) => method.plan(table, options),
    /** Ids that a conversation with these rows lacks for the question of the table. */
    lacking: (table: TokenTable, held: CompressionPlan) =>
      method.recover?.(table, options, held) ?? lackingIds(held, method.plan(table, options)),
    /** The plan with the mass of its rows, where the method gives them any. */
    weigh: (plan: CompressionPlan, features: VisualTokens<Float32Array>) => withMass(plan, method, features),
  };
}

/**
 * A budget over several images as one for each: rows and bounds in rows are dealt out evenly, the first images get what is left over. A
 * share is each image's own.
 *
 * @throws BudgetError for fewer rows than images.
 */
export function shareOfImage(compression: Compression, image: number, images: number): Compression {
  if (compression.budget === undefined) return compression;
  const budget = checkedBudget("ask", compression.budget);
  if (budget === "dynamic" || budget.ratio !== undefined) return { ...compression, budget };
  const dealt = (rows: number) => Math.floor(rows / images) + (image < rows % images ? 1 : 0);
  const { retain, min, max } = budget;
  const most = retain ?? max;
  if (most !== undefined && most >= 1 && most < images)
    throw refusalFor("ask", BudgetError)(`a shared budget of at least ${images} rows for ${images} images`, most);
  if (retain !== undefined) return { ...compression, budget: { retain: dealt(retain) } };
  const bounds = Object.entries({ min, max })
    .map(([name, bound]) => [name, bound !== undefined && bound >= 1 ? dealt(bound) : bound] as const)
    // Of a few rows for many images some have none to begin with.
    .filter(([, bound]) => bound !== undefined && bound > 0);
  const own = bounds.length === 0 ? "dynamic" : (Object.fromEntries(bounds) as Budget);
  return { ...compression, budget: own };
}
