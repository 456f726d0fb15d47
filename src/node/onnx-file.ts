/** @file ONNX models on disk: sources over files, models written piece by piece. */
import { open, stat } from "node:fs/promises";
import { InvalidInputError } from "../core/index.js";
import { type ByteSource, modelPieces, type OnnxModel } from "../onnx/index.js";
import { withFileErrors } from "./file-errors.js";
import { pieceWriter } from "./piece-writer.js";
import { type WriteFileOptions, writeFileAtomic } from "./write-file.js";

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
        const { bytesRead } = await handle.read(target, done, target.length - done, offset + done);
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
  const inputs = [...new Set([...(options.inputs ?? []), ...sources])];
  await writeFileAtomic(path, pieceWriter(pieces), { flush: false, ...options, inputs });
}
