/** @file Flags for a compression method and its options, checked by the method's definition before anything is loaded. */
import {
  type CompressionMethod,
  checkedBudget,
  type InvalidInputError,
  parseBudget,
  refusalFor,
} from "../core/index.js";
import { findMethod, METHOD_IDS, METHODS } from "../methods/index.js";
import type { Compression } from "../vlm/index.js";
import { type Flags, typoHint, type Values } from "./flags.js";
import { loadMethod, moduleHint, moduleWord } from "./own-method/index.js";

/** How many rows stay. */
export const BUDGET_FLAG = {
  budget: {
    type: "text",
    placeholder: "B",
    help: "58 (rows), 0.1 or 10% (a share of all), dynamic (as many as the image needs), or that within bounds: 32..128, 32.. or ..128",
    replaces: ["retain", "ratio", "minTokens", "maxTokens"],
  },
} as const satisfies Flags;

/** A method, how many rows it keeps, and its other options. */
export const METHOD_FLAGS = {
  method: { type: "text", placeholder: "ID", help: 'see "recoup methods"; ./mine.mjs: one of your own' },
  ...BUDGET_FLAG,
  polarity: { type: "choice", choices: [1, -1], help: "the model scores what the text names high (1) or low (-1)" },
  variant: { type: "choice", choices: ["paper", "official", "official-alt"], help: "reading of the paper" },
  merge: { type: "choice", choices: ["sum", "mean"], help: "how a merged row is formed" },
  order: { type: "choice", choices: ["append", "grid"], help: "order of the rows" },
  seed: { type: "integer", help: "for random" },
  option: { type: "repeated", placeholder: "NAME=VALUE", help: "any other option of the method; repeatable" },
} as const satisfies Flags;

/**
 * The method and its options as the flags say. A module with a method of one's own is tried with them first.
 *
 * @param operation the command's name, for errors.
 * @throws InvalidInputError for an unknown method, an option that is given twice or that the method does not have; what the method's
 *   `checkOptions` throws.
 */
export async function compressionOf(
  operation: string,
  { method, polarity: textPolarity, option = [], ...named }: Values<typeof METHOD_FLAGS>,
): Promise<Compression> {
  const refuse = refusalFor(operation);
  const { variant, merge, order, seed } = named;
  const budget = named.budget === undefined ? undefined : parseBudget(operation, named.budget);
  const flags = Object.entries({ budget, variant, merge, order, seed });
  const pairs = [
    ...flags.filter(([, value]) => value !== undefined),
    ...option.map((pair) => nameAndValue(refuse, pair)),
  ];
  const chosen = method === undefined ? undefined : await chosenMethod(operation, method, pairs);
  const methods = chosen === undefined ? METHODS : [chosen];
  const known = [...new Set(["budget", ...methods.flatMap(({ options }) => options)])];
  const given = new Map<string, unknown>();
  for (const [name, value] of pairs) {
    if (!known.includes(name))
      throw refuse(`options of ${chosen?.id ?? "a method"}: ${known.join(", ")}`, name + typoHint(name, known));
    if (given.has(name)) throw refuse(`${name} once`, "it twice");
    given.set(name, value);
  }
  const options = Object.fromEntries(given);
  chosen?.checkOptions?.(options);
  return {
    ...options,
    ...(chosen !== undefined && { method: moduleWord(method ?? "") === undefined ? chosen.id : chosen }),
    ...(textPolarity !== undefined && { textPolarity }),
    // The method has just checked its options.
  } as Compression;
}

/** The method that a word names: one of recoup's, or that of a module. */
async function chosenMethod(
  operation: string,
  word: string,
  pairs: readonly (readonly [string, unknown])[],
): Promise<CompressionMethod> {
  const module = moduleWord(word);
  if (module === undefined) return namedMethod(operation, word);
  const { path, pairs: more } = module;
  if (more.length > 0) throw refusalFor(operation)(`--method ${path} with --option NAME=VALUE`, word);
  const { budget, ...options } = Object.fromEntries(pairs);
  const tried = budget === undefined ? undefined : checkedBudget(operation, budget);
  return (await loadMethod(operation, path, [{ options, budgets: [tried] }])).method;
}

/** One of recoup's methods. @throws InvalidInputError that names the flag, or says why a method of the field is not here. */
function namedMethod(operation: string, id: string): CompressionMethod {
  try {
    return findMethod(id);
  } catch (error) {
    if ((error as InvalidInputError).expected === undefined) throw error;
    throw refusalFor(operation)(
      `--method ${METHOD_IDS.join(", ")}, or a module`,
      id + (moduleHint(id) || typoHint(id, METHOD_IDS)),
    );
  }
}

/** `name=value`; the value is JSON where it parses as such (numbers, true, objects), otherwise text. */
function nameAndValue(refuse: ReturnType<typeof refusalFor>, pair: string): readonly [name: string, value: unknown] {
  const at = pair.indexOf("=");
  if (at < 1) throw refuse("--option name=value", pair);
  const [name, text] = [pair.slice(0, at), pair.slice(at + 1)];
  try {
    return [name, JSON.parse(text)];
  } catch {
    return [name, text];
  }
}
