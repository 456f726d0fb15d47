/** @file Files of a model on a disk, looked at before anything is made of them. */
import { readFile } from "node:fs/promises";
import { FormatError, messageOf, refusalFor } from "../../../core/index.js";
import { fileSource, statFile } from "../../../files/index.js";
import { externalParts, type OnnxModel, openOnnx } from "../../../onnx/index.js";
import { type Json, jsonObject, maxTextLength } from "../model-text.js";

const refuse = refusalFor("loadVlm", FormatError);

/**
 * Text of a regular file.
 *
 * @param name in errors.
 * @param most bytes that it may have.
 * @throws InvalidInputError for a pipe or a device; FormatError for a file that is too long; what the system throws.
 */
export async function readText(file: string, name = file, most = maxTextLength(file)): Promise<string> {
  const { size } = await statFile("loadVlm", file);
  if (size > most) throw refuse(`at most ${most / 2 ** 20} MiB in ${name}`, `${(size / 2 ** 20).toFixed(1)} MiB`);
  return readFile(file, "utf8");
}

/** The object in a JSON file. @throws as `readText`; FormatError for anything else. */
export async function readJson(file: string, name = file, most = maxTextLength(file)): Promise<Json> {
  return jsonObject(await readText(file, name, most), name);
}

/** The structure of an ONNX file. @throws OnnxError, with the file's name, for what is none. */
export async function readOnnx(file: string, name = file): Promise<OnnxModel> {
  const source = await fileSource(file);
  try {
    return await openOnnx({ ...source, name });
  } catch (cause) {
    throw refuse(`an ONNX model in ${name}`, messageOf(cause), cause);
  } finally {
    await source.close();
  }
}

/** Files that a model's weights are in, with the least length of each. */
export function weightFiles(model: OnnxModel): Map<string, number> {
  const ends = new Map<string, number>();
  for (const { location, end } of externalParts(model)) ends.set(location, Math.max(ends.get(location) ?? 0, end));
  return ends;
}

/** @throws InvalidInputError for a file of weights that is no regular file or too short. */
export async function assertWeights(file: string, least: number, name = file): Promise<void> {
  const { size } = await statFile("loadVlm", file);
  if (size < least) throw refuse(`at least ${least} bytes of weights in ${name}`, size);
}
