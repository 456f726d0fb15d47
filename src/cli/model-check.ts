/** @file What can be found wrong with a model and a method's options before the model is loaded. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type CompressionMethod, RecoupError, refusalFor, shape } from "../core/index.js";
import { readTextIfThere, withFileErrors } from "../files/index.js";
import { findMethod, METHOD_IDS, METHODS, type MethodId } from "../methods/index.js";
import type { Compression } from "../vlm/index.js";
import { isModelId, modelFolder } from "../vlm/transformers/node/index.js";
import { assertPackages } from "./packages.js";
import type { ModelChoice } from "./vlm-command.js";

/**
 * Checks what can be known without loading the model: that its own method takes the options, where no method is given; that the packages
 * it needs and its folder are there.
 *
 * @param compression the method and its options, as the flags say.
 * @throws InvalidInputError for what is missing, and options that do not fit.
 */
export async function assertModel(
  operation: string,
  { model, clip }: ModelChoice,
  compression: Compression = {},
): Promise<void> {
  const { method, textPolarity: _, ...options } = compression;
  if (method === undefined && Object.keys(options).length > 0) await assertOptions(operation, model, options);
  assertPackages(operation, ["@huggingface/transformers", ...(model === "tiny" ? ["recoup-tiny"] : [])]);
  for (const folder of [model, clip]) if (folder !== undefined) await assertModelFolder(operation, folder);
}

/** A Hugging Face model id may be a folder's name as well; what is no such id must be one. */
async function assertModelFolder(operation: string, model: string): Promise<void> {
  if (isModelId(model)) return;
  const folder = modelFolder(model);
  const expected = `a model folder at ${folder}`;
  await withFileErrors(operation, expected, async () => {
    if (!(await stat(folder)).isDirectory()) throw refusalFor(operation)(expected, "a file");
  });
}

/** Checks options against the method that the model's manifest.json names, else against all methods that have them. */
async function assertOptions(operation: string, model: string, options: object): Promise<void> {
  const own = await ownMethod(model);
  const names = Object.keys(options);
  const methods = own === undefined ? METHODS : [findMethod(own)];
  const able = methods.filter((method) => names.every((name) => name === "budget" || method.options.includes(name)));
  if (able.length === 0) {
    const expected = own === undefined ? "options of one method" : `options of ${own}, the model's own method`;
    throw refusalFor(operation)(expected, names.join(", "));
  }
  let refusal: unknown;
  for (const { checkOptions } of able as readonly CompressionMethod[]) {
    try {
      return checkOptions?.(options);
    } catch (error) {
      if (!RecoupError.isInstance(error)) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

const MANIFEST = shape.object({ defaultMethod: shape.optional(shape.oneOf(...METHOD_IDS)) });

/** The method of a model's manifest.json; undefined where none can be read. */
async function ownMethod(model: string): Promise<MethodId | undefined> {
  try {
    const text = await readTextIfThere("ask", join(modelFolder(model), "manifest.json"), 2 ** 23);
    return shape.parsed(text ?? "", MANIFEST, refusalFor("ask")).defaultMethod;
  } catch {
    // Loading says what is wrong with it.
    return undefined;
  }
}
