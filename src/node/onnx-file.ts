/** @file ONNX models on disk: sources over files, models written piece by piece. */
import { open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InvalidInputError } from "../core/index.js";
import { type ByteSource, externalParts, modelPieces, type OnnxModel } from "../onnx/index.js";
import { withFileErrors } from "./file-errors.js";
import { pieceWriter } from "./piece-writer.js";
import { type WriteFileOptions, writeFileAtomic } from "./write-file.js";

/** Bytes read in one call: Node's own limit is two gigabytes. */
const MAX_READ = 2 ** 30;

/** A source over an open file. */
export interface FileSource extends ByteSource {
  /** Fills `target` with the bytes from `offset` on. */
  readInto(target: Uint8Array, offset: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a file for reads by position.
 *
 * @throws InvalidInputError when there is no readable file at `path`.
 */
export async function fileSource(path: string): Promise<FileSource> {
  const operation = "fileSource";
  return withFileErrors(operation, `a readable file at ${path}`, async () => {
    // Asked before opening, as opening a pipe would wait for its writer.
    const info = await stat(path);
    if (!info.isFile())
      throw new InvalidInputError({ operation, expected: `a file at ${path}`, got: "something else" });
    const handle = await open(path, "r");
    const { size } = await handle.stat();
    const readInto = async (target: Uint8Array, offset: number) => {
      for (let done = 0; done < target.length; ) {
        const length = Math.min(MAX_READ, target.length - done);
        const { bytesRead } = await handle.read(target, done, length, offset + done);
        if (bytesRead === 0) {
          throw new InvalidInputError({
            operation,
            expected: `${path} to stay as long as it was`,
            got: "a shorter file",
          });
        }
        done += bytesRead;
      }
    };
    return {
      name: path,
      size,
      readInto,
      async read(offset, length) {
        const bytes = new Uint8Array(length);
        await readInto(bytes, offset);
        return bytes;
      },
      close: () => handle.close(),
    };
  });
}

/**
 * Writes a model, whole or not at all, never over a file that it takes weights from. Does not wait for the disk unless `flush` says
 * so: a model can be made again from its original, and flushing doubles the time of a long one.
 *
 * @throws InvalidInputError as `writeFileAtomic` does.
 */
export async function writeOnnx(path: string, model: OnnxModel, options: WriteFileOptions = {}): Promise<void> {
  const pieces = modelPieces(model);
  const sources = pieces.flatMap((piece) => (piece instanceof Uint8Array ? [] : [piece.source.name]));
  // What a skeleton points to is an input, too, though nothing of it is copied.
  const beside = externalParts(model).map(({ location }) => join(dirname(path), location));
  const inputs = [...new Set([...(options.inputs ?? []), ...sources, ...beside])];
  await writeFileAtomic(path, pieceWriter(pieces), { flush: false, ...options, inputs });
}
