/** @file ONNX models on disk: sources over files, models written piece by piece, external data only from the model's folder. */
import { open, realpath, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { InvalidInputError } from "../core/index.js";
import { type ByteSource, modelPieces, type OnnxModel, type Piece } from "../onnx/index.js";
import { withFileErrors } from "./file-errors.js";
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

/** Bytes copied at a time: fewer cost more calls, more fall out of the processor's cache (measured: 1 to 4 MiB are alike). */
const CHUNK = 2 * 2 ** 20;

/**
 * The content of pieces, spans in parts of at most 2 MiB. While a part is used the next one is read; a part's memory is used again
 * for the one after the next, so it holds until the next part is asked for.
 */
export async function* pieceChunks(pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
  const buffers = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)];
  let ahead: Promise<Uint8Array> | undefined;
  let turn = 0;
  for (const part of parts(pieces)) {
    const before = ahead;
    const buffer = buffers[turn++ % 2];
    // The part before the one that is read now is what the caller gets.
    ahead = readPart(part, buffer);
    // A failure is thrown when its turn comes.
    ahead.catch(() => {});
    if (before !== undefined) yield before;
  }
  if (ahead !== undefined) yield ahead;
}

function* parts(pieces: readonly Piece[]): Generator<Piece> {
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) yield piece;
    else {
      for (let done = 0; done < piece.length; done += CHUNK) {
        const length = Math.min(CHUNK, piece.length - done);
        yield { source: piece.source, offset: piece.offset + done, length };
      }
    }
  }
}

async function readPart(part: Piece, buffer: Uint8Array): Promise<Uint8Array> {
  if (part instanceof Uint8Array) return part;
  const { source, offset, length } = part;
  if (!("readInto" in source)) return source.read(offset, length);
  const target = buffer.subarray(0, length);
  await (source as FileSource).readInto(target, offset);
  return target;
}

/**
 * Writes a model, whole or not at all, never over a file that it takes weights from.
 *
 * @throws InvalidInputError as `writeFileAtomic` does.
 */
export async function writeOnnx(path: string, model: OnnxModel, options: WriteFileOptions = {}): Promise<void> {
  const pieces = modelPieces(model);
  const sources = pieces.flatMap((piece) => (piece instanceof Uint8Array ? [] : [piece.source.name]));
  const inputs = [...new Set([...(options.inputs ?? []), ...sources])];
  await writeFileAtomic(path, pieceChunks(pieces), { ...options, inputs });
}

/**
 * Checks that the files with a model's external data are there and, links resolved, lie in the model's folder or below.
 *
 * @throws InvalidInputError naming the first that is not.
 */
export async function assertExternalData(model: OnnxModel, path: string): Promise<void> {
  const operation = "assertExternalData";
  const folder = await realpath(dirname(path));
  const locations = model.graph.initializers.flatMap(({ data }) => (data.kind === "external" ? [data] : []));
  const ends = new Map<string, number>();
  for (const { location, offset, length = 0 } of locations) {
    ends.set(location, Math.max(ends.get(location) ?? 0, offset + length));
  }
  for (const [location, end] of ends) {
    await withFileErrors(operation, `external data ${location} beside ${path}`, async () => {
      const target = await realpath(join(folder, location));
      const way = relative(folder, target);
      if (way.startsWith(`..${sep}`) || way === "..") {
        throw new InvalidInputError({
          operation,
          expected: `external data ${location} within the model's folder`,
          got: `a link to ${target}`,
        });
      }
      const { size } = await stat(target);
      if (size < end)
        throw new InvalidInputError({
          operation,
          expected: `${location} of at least ${end} bytes`,
          got: `${size} bytes`,
        });
    });
  }
}
