/** @file Tells one model's structure from another's, without reading its weights. */
import { OnnxUnsupportedError } from "./errors.js";
import type { OnnxGraph, OnnxModel, RawField } from "./model.js";
import { GRAPH } from "./schema.js";
import { concat, field } from "./wire.js";

/** The part of Web Crypto that is used, in Node and browsers alike. */
interface Crypto {
  readonly subtle: { digest(algorithm: string, data: Uint8Array): Promise<ArrayBuffer> };
}

/**
 * SHA-256, in hex, over all of a file but the values of weights. It covers graph, names, types, and of each weight its name, type
 * and lengths. A split follows from these alone, and hashing a gigabyte of weights would take longer than finding it anew.
 *
 * @throws OnnxUnsupportedError where the engine has no Web Crypto (pages from other servers than https or localhost).
 */
export async function fingerprint(model: OnnxModel): Promise<string> {
  const { crypto } = globalThis as { crypto?: Crypto };
  if (crypto?.subtle === undefined) {
    const problem = "Web Crypto is missing, which pages have from https or localhost only";
    throw new OnnxUnsupportedError({ operation: "fingerprint", problem });
  }
  const structure = concat([...model.fields.flatMap(inMemory), ...graphBytes(model.graph)]);
  const digest = await crypto.subtle.digest("SHA-256", structure);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Nodes, declared types and other fields as they were written, and a description of each weight. */
function graphBytes({ nodes, initializers, inputs, outputs, valueInfo, fields }: OnnxGraph): Uint8Array[] {
  const weights = initializers.map(({ name, dataType, dims, data }) => {
    const length = data.kind === "raw" ? data.piece.length : "";
    return field(GRAPH.initializer, [name, dataType, dims.join("x"), data.kind, length].join("\n"));
  });
  const infos = [inputs, outputs, valueInfo].flatMap((list) => list.map(({ bytes }) => bytes));
  return [...nodes.map(({ bytes }) => bytes), ...weights, ...infos, ...fields.flatMap(inMemory)];
}

/** Fields that are not loaded are long: notes, or weights of a kind that is not read. */
function inMemory({ piece }: RawField): Uint8Array[] {
  return piece instanceof Uint8Array ? [piece] : [];
}
