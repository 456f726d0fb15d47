import { readFile, stat } from "node:fs/promises";
import { InvalidInputError } from "../core/index.js";
import {
  type EncodeSafetensorsOptions,
  encodeSafetensors,
  parseSafetensors,
  type Safetensors,
  type Tensor,
} from "./safetensors/index.js";
import { type WriteFileOptions, writeFileAtomic } from "./write-file.js";

/** Largest file that is read: what Node itself reads in one piece. */
export const MAX_FILE_BYTES = 2 ** 31 - 1;

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
export async function readSafetensors(path: string, { signal }: ReadSafetensorsOptions = {}): Promise<Safetensors> {
  const bytes = await readRegularFile(path, signal);
  return parseSafetensors(bytes, { operation: "readSafetensors", file: path });
}

/**
 * Writes tensors as a safetensors file, whole or not at all.
 *
 * @throws InvalidInputError as `encodeSafetensors` and `writeFileAtomic` do.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  { metadata, ...options }: EncodeSafetensorsOptions & WriteFileOptions = {},
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors, { metadata }), options);
}

/** Asks for kind and size before opening, as opening a pipe would wait for its writer. */
async function readRegularFile(path: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const operation = "readSafetensors";
  try {
    const info = await stat(path);
    if (!info.isFile()) throw new InvalidInputError({ operation, expected: `a file at ${path}`, got: kind(info) });
    if (info.size > MAX_FILE_BYTES) {
      throw new InvalidInputError({
        operation,
        expected: `${path} of at most ${MAX_FILE_BYTES} bytes`,
        got: String(info.size),
      });
    }
    return await readFile(path, { signal });
  } catch (cause) {
    if (cause instanceof InvalidInputError || signal?.aborted) throw cause;
    const got = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new InvalidInputError({ operation, expected: `a readable file at ${path}`, got, cause });
  }
}

function kind(info: { isDirectory(): boolean }): string {
  return info.isDirectory() ? "a folder" : "a device or pipe";
}
