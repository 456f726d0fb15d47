/** @file All methods by name, for commands, benches and files that name one. */
import {
  type CompressionMethod,
  didYouMean,
  InvalidInputError,
  nearestName,
  refusalFor,
  type Signal,
  shape,
} from "../core/index.js";
import { cdPruner, cdPrunerCen } from "./cdpruner.js";
import { clsTopK } from "./cls-topk.js";
import { divPrune, divPruneCen } from "./divprune.js";
import { whyElsewhere } from "./elsewhere.js";
import { facility } from "./facility.js";
import { mmTok } from "./mmtok.js";
import { none } from "./none.js";
import { pool } from "./pool.js";
import { pruMerge, pruMergePlus } from "./prumerge.js";
import { random } from "./random.js";
import { recoup } from "./recoup/index.js";
import { recoverable } from "./recoverable/index.js";
import { textTopK } from "./text-topk.js";
import { toMeOnce } from "./tome-once.js";
import { uniform } from "./uniform.js";
import { visionZip } from "./visionzip.js";

const BY_ID = {
  none,
  random,
  uniform,
  pool,
  "cls-topk": clsTopK,
  "text-topk": textTopK,
  recoverable,
  recoup,
  prumerge: pruMerge,
  "prumerge-plus": pruMergePlus,
  visionzip: visionZip,
  divprune: divPrune,
  "divprune-cen": divPruneCen,
  cdpruner: cdPruner,
  "cdpruner-cen": cdPrunerCen,
  facility,
  mmtok: mmTok,
  "tome-once": toMeOnce,
} as const;

/** Name of a method. */
export type MethodId = keyof typeof BY_ID;

/** The options of the method of that name: `MethodOptionsOf<"cdpruner">`. */
export type MethodOptionsOf<I extends MethodId> = NonNullable<Parameters<(typeof BY_ID)[I]["plan"]>[1]>;

/** All names: baselines first, then Recoverable Compression and what became of it here, then its peers. */
export const METHOD_IDS: readonly MethodId[] = Object.freeze(Object.keys(BY_ID) as MethodId[]);

/**
 * All methods, in the order of `METHOD_IDS`. Importing this brings every one of them into a bundle; a program that uses one
 * method imports that one.
 */
export const METHODS: readonly CompressionMethod[] = Object.freeze(METHOD_IDS.map((id) => BY_ID[id]));

/**
 * The method of that name. A name known to the compiler gives the method with its own options, and one that it knows to be wrong does not
 * compile; a string that is known at run time only gives a method with the options that all share.
 *
 * @throws InvalidInputError listing the names, with the nearest one if the given one looks like a typo. For a method of the field
 *   that is not here (`fastv`) it says why, and which one is nearest.
 */
export function findMethod<I extends MethodId>(id: I): (typeof BY_ID)[I];
export function findMethod<S extends string>(id: string extends S ? S : never): CompressionMethod;
export function findMethod(id: string): CompressionMethod {
  if (typeof id === "string" && Object.hasOwn(BY_ID, id)) return BY_ID[id as MethodId];
  // A longer text is no name.
  const reason = typeof id === "string" && id.length < 60 ? whyElsewhere(id) : undefined;
  if (reason !== undefined) throw new InvalidInputError({ operation: "findMethod", problem: reason });
  const got = typeof id === "string" ? JSON.stringify(id) : shape.brief(id);
  const hint = didYouMean(nearestName(id, METHOD_IDS));
  throw refusalFor("findMethod")(`one of ${METHOD_IDS.join(", ")}`, `${got}${hint}`);
}

/**
 * The method for a table or model with these signals: `recoup` where the question can be held against the tokens (`textSimilarity`), else
 * `divprune-cen`, of towers that share no space with a text.
 */
export function defaultMethod(signals: readonly Signal[]): CompressionMethod {
  return signals.includes("textSimilarity") ? recoup : divPruneCen;
}
