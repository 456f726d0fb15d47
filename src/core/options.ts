/** @file Options that a caller gives: a plain record of own entries, or nothing. */

import type { Kernels } from "../math/index.js";
import { refusalFor } from "./errors.js";
import { isRecord, object, optional, type Shape, shaped, value } from "./shape.js";

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
  if (!isPlain(given)) throw refuse("options as a plain object", given);
  const own = { ...given };
  shaped(own, object(shapes), refuse);
  return own as O;
}

/** Of `MethodContext`. */
export const CONTEXT_SHAPES = {
  kernels: optional(value<Kernels>("row kernels", (given) => isRecord(given) && typeof given.withRows === "function")),
};

/** True for an object literal, of any realm, or one without a prototype. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
