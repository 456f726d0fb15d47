/** @file Options that a caller gives: a plain record of own entries, or nothing. */

import type { Kernels } from "../math/index.js";
import { attempt } from "./brief.js";
import { refusalFor } from "./errors.js";
import { didYouMean, nearestName } from "./nearest-name.js";
import { isRecord, object, optional, type Shape, shaped, options as shapedOptions, value } from "./shape.js";

/**
 * A copy of the own entries of options; empty where none are given. Methods and functions read options by name, and so would read
 * inherited ones that no check has seen.
 *
 * @param operation names the caller in errors.
 * @param shapes of the entries that are to be checked; optional ones may be missing.
 * @throws InvalidInputError for null, a list, a Map or another object that is no plain record, and for an entry that does not fit.
 */
export function optionsOf<O extends object>(
  operation: string,
  options: O | undefined,
  shapes: Readonly<Record<string, Shape<unknown>>> = {},
): O {
  const refuse = refusalFor(operation);
  const given: unknown = options === undefined ? {} : options;
  const own = attempt(() => (isPlain(given) ? { ...given } : undefined), undefined);
  if (own === undefined) throw refuse("options as a plain object", given);
  shaped(own, object(shapes), refuse);
  return own as O;
}

/**
 * A caller's options as `shape.options` reads them, of which no other may be given: a typo would be silently ignored.
 *
 * @param fields optional shapes by name: the one table of what is known.
 * @param inside names of options that belong into one of these, by its name: `{ compression: ["budget"] }`.
 * @throws InvalidInputError for a name that is none, with the nearest that is one; for what `shape.options` refuses.
 */
export function knownOptions<O extends object>(
  operation: string,
  given: O,
  fields: Readonly<Record<string, Shape<unknown>>>,
  inside: Readonly<Record<string, readonly string[]>> = {},
): O {
  const refuse = refusalFor(operation);
  const read = shapedOptions(given, fields, refuse);
  const names = Object.keys(fields);
  const unknown = Object.entries(read).find(([name, value]) => value !== undefined && !Object.hasOwn(fields, name));
  if (unknown === undefined) return read;
  const [name] = unknown;
  const home = Object.keys(inside).find((option) => inside[option].includes(name));
  const hint = home === undefined ? didYouMean(nearestName(name, names)) : `; did you mean ${home}: { ${name} }?`;
  throw refuse(`options among ${names.join(", ")}`, `${name.slice(0, 60)}${hint}`);
}

/** Of `MethodContext`. */
export const CONTEXT_SHAPES = {
  kernels: optional(value<Kernels>("row kernels", (given) => isRecord(given) && typeof given.withRows === "function")),
};

/** True for an object literal, of any realm, or one without a prototype. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return false;
  return attempt(() => {
    const prototype = Object.getPrototypeOf(value);
    return prototype === null || Object.getPrototypeOf(prototype) === null;
  }, false);
}
