/** @file Compares the vision towers of two files. */

import { assertModel } from "../proto/assert-model.js";
import type { OnnxModel, Piece } from "../proto/model.js";
import { loadPieces } from "../proto/source.js";

/** Vectors to compare at most: biases and norms of some layers are enough to tell two towers apart. */
const COMPARED = 48;
/** Vectors of the other file at most, and elements of each: known towers have some 400 of up to 8192. */
const CANDIDATES = 4096;
const LONGEST = 65536;

/**
 * Whether a CLIP file has the tower of a vision encoder: by the bytes of its vectors (biases, norms). "unknown" where the two
 * have different precisions, so that no bytes can be equal.
 *
 * LLaVA-1.6 trains its tower: then CLIP's last layer and projection are only nearly right, and callers should say so.
 */
export async function sameTower(vision: OnnxModel, clip: OnnxModel): Promise<"same" | "different" | "unknown"> {
  assertModel("sameTower", vision, "vision");
  assertModel("sameTower", clip, "clip");
  const theirs = vectors(clip).slice(0, CANDIDATES);
  const types = new Set(theirs.map(({ dataType }) => dataType));
  const comparable = vectors(vision)
    .filter(({ dataType }) => types.has(dataType))
    .slice(0, COMPARED);
  if (comparable.length === 0) return "unknown";
  const known = new Set<string>();
  for (const { piece } of theirs) {
    const bytes = await loadPieces([piece]);
    known.add(keyOf(bytes));
    // Fused attention has the biases of queries, keys and values as one vector.
    for (const third of thirds(bytes)) known.add(keyOf(third));
  }
  let found = 0;
  for (const { piece } of comparable) if (isKnown(known, await loadPieces([piece]))) found++;
  // Constants that any export has, such as ones and zeros, may be equal in any two towers.
  return found >= 0.75 * comparable.length ? "same" : "different";
}

/** A vector of the other file, or three of them in a row. */
function isKnown(known: ReadonlySet<string>, bytes: Uint8Array): boolean {
  if (known.has(keyOf(bytes))) return true;
  const parts = thirds(bytes);
  return parts.length > 0 && parts.every((third) => known.has(keyOf(third)));
}

/** Three vectors in a row; none where the length has no third. */
function thirds(bytes: Uint8Array): Uint8Array[] {
  const length = bytes.length / 3;
  return Number.isInteger(length) ? [0, 1, 2].map((i) => bytes.subarray(i * length, (i + 1) * length)) : [];
}

/** Vectors of floats with 16 elements or more, in the file's order. */
function vectors({ graph }: OnnxModel): { readonly dataType: number; readonly piece: Piece }[] {
  return graph.initializers.flatMap(({ dims, dataType, data }) => {
    if (dims.length !== 1 || dims[0] < 16 || ![1, 10, 16].includes(dataType)) return [];
    return data.kind === "raw" && data.piece.length <= 4 * LONGEST ? [{ dataType, piece: data.piece }] : [];
  });
}

/** The bytes as text, as a set compares texts by content. */
function keyOf(bytes: Uint8Array): string {
  let key = "";
  for (let at = 0; at < bytes.length; at += 4096) key += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return key;
}
