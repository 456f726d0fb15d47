/** @file Safetensors files on disk. */
import { readFile } from "node:fs/promises";
import { optionsOf, refusalFor } from "../core/index.js";
import { ABORT_SIGNAL, checkedPath, statFile, withFileErrors } from "./file-errors.js";
import { type EncodeSafetensorsOptions, encodeSafetensors } from "./safetensors/encode.js";
import type { Tensor } from "./safetensors/format.js";
import { parseSafetensors, type Safetensors } from "./safetensors/parse.js";
import { type WriteFileOptions, writeFileAtomic } from "./write-file.js";

/** Largest file that is read: what Node itself reads in one piece. */
export const MAX_FILE_BYTES = 2 ** 31 - 1;

/** Options of `readSafetensors`. */
export interface ReadSafetensorsOptions {
  /** Stops the reading. */
  readonly signal?: AbortSignal;
}

/**
 * Reads a safetensors file into memory, at most `MAX_FILE_BYTES`, and checks it as `parseSafetensors` does.
 *
 * @throws InvalidInputError when there is no readable file of that size (missing, a folder, a device, too large);
 *   FormatError when its content does not follow the format.
 */
export async function readSafetensors(path: string, options: ReadSafetensorsOptions = {}): Promise<Safetensors> {
  const operation = "readSafetensors";
  const { signal } = optionsOf(operation, options, { signal: ABORT_SIGNAL });
  checkedPath(operation, path);
  const bytes = await withFileErrors(operation, `a readable file at ${path}`, async () => {
    const { size } = await statFile(operation, path);
    if (size > MAX_FILE_BYTES) throw refusalFor(operation)(`${path} of at most ${MAX_FILE_BYTES} bytes`, size);
    return readFile(path, { signal });
  });
  return parseSafetensors(bytes, { operation, file: path });
}

/**
 * Writes tensors as a safetensors file, whole or not at all.
 *
 * @throws InvalidInputError as `encodeSafetensors` and `writeFileAtomic` do.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  options: EncodeSafetensorsOptions & WriteFileOptions = {},
): Promise<void> {
  const { metadata, ...writing } = optionsOf("writeSafetensors", options);
  await writeFileAtomic(path, encodeSafetensors(tensors, { metadata }), writing);
}
