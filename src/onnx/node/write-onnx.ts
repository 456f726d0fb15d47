/** @file Writes ONNX models: copies their pieces into a file as fast as the disk takes them. */
import { dirname, join } from "node:path";
import { type WriteAt, type WriteFileOptions, writeFileAtomic } from "../../files/index.js";
import { externalParts } from "../graph/external.js";
import type { OnnxModel, Piece } from "../proto/model.js";
import { modelPieces } from "../proto/write-model.js";

/**
 * Writes a model, whole or not at all, never over a file that it takes weights from. Waits for the disk only with `flush`. A model
 * can be made again from its original, and flushing doubles the time of a long one.
 *
 * @throws InvalidInputError as `writeFileAtomic` does.
 */
export async function writeOnnx(path: string, model: OnnxModel, options: WriteFileOptions = {}): Promise<void> {
  const pieces = modelPieces(model);
  const sources = pieces.flatMap((piece) => (piece instanceof Uint8Array ? [] : [piece.source.name]));
  // The original of a skeleton is an input, too, though nothing of it is copied.
  const beside = externalParts(model).map(({ location }) => join(dirname(path), location));
  const inputs = [...new Set([...(options.inputs ?? []), ...sources, ...beside])];
  await writeFileAtomic(path, pieceWriter(pieces), { flush: false, ...options, inputs });
}

/** Bytes read at a time: with a quarter of them the calls take longer than the copying. */
const CHUNK = 2 ** 20;

/** Chunks under way at once: Node has four threads for files, and a thread's answer takes as long as copying a chunk. */
const LANES = 4;

/** Content of a file: all pieces, one after another. In memory are four chunks of 1 MiB. */
export function pieceWriter(pieces: readonly Piece[]): (writeAt: WriteAt) => Promise<void> {
  return async (writeAt) => {
    const left = chunks(pieces);
    const lane = async () => {
      const buffer = new Uint8Array(CHUNK);
      // A lane that fails ends the others, too: leaving the loop closes the generator that they share.
      for (const { at, parts } of left) await writeAt(await fill(buffer, parts), at);
    };
    const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane));
    const failed = lanes.find(({ status }) => status === "rejected");
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  };
}

/** Pieces and parts of pieces to be copied in one go, and their place in the file. */
interface Chunk {
  readonly at: number;
  readonly parts: readonly Piece[];
}

function* chunks(pieces: readonly Piece[]): Generator<Chunk> {
  let at = 0;
  let parts: Piece[] = [];
  let room = CHUNK;
  for (const piece of pieces) {
    for (let done = 0; done < piece.length; ) {
      const length = Math.min(room, piece.length - done);
      parts.push(partOf(piece, done, length));
      done += length;
      room -= length;
      if (room > 0) continue;
      yield { at, parts };
      at += CHUNK;
      parts = [];
      room = CHUNK;
    }
  }
  if (parts.length > 0) yield { at, parts };
}

function partOf(piece: Piece, from: number, length: number): Piece {
  if (piece instanceof Uint8Array) return piece.subarray(from, from + length);
  return { source: piece.source, offset: piece.offset + from, length };
}

async function fill(buffer: Uint8Array, parts: readonly Piece[]): Promise<Uint8Array> {
  let at = 0;
  for (const part of parts) {
    const target = buffer.subarray(at, at + part.length);
    if (part instanceof Uint8Array) target.set(part);
    else if (part.source.readInto) await part.source.readInto(target, part.offset);
    else target.set(await part.source.read(part.offset, part.length));
    at += part.length;
  }
  return buffer.subarray(0, at);
}
