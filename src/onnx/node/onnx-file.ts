/** @file Writes ONNX models, piece by piece. */
import { dirname, join } from "node:path";
import { type WriteFileOptions, writeFileAtomic } from "../../files/index.js";
import { externalParts } from "../graph/external.js";
import type { OnnxModel } from "../proto/model.js";
import { modelPieces } from "../proto/write-model.js";
import { pieceWriter } from "./piece-writer.js";

/**
 * Writes a model, whole or not at all, never over a file that it takes weights from. Waits for the disk only with `flush`: a
 * model can be made again from its original, and flushing doubles the time of a long one.
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
