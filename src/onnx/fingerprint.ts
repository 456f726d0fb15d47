/** @file What tells one model's structure from another's, without reading its weights. */
import { OnnxUnsupportedError } from "./errors.js";
import type { OnnxModel } from "./model.js";
import { loadPieces } from "./source.js";
import { modelPieces } from "./write-model.js";

/** The part of Web Crypto that is used, in Node and browsers alike. */
interface Crypto {
  readonly subtle: { digest(algorithm: string, data: Uint8Array): Promise<ArrayBuffer> };
}

/**
 * SHA-256, in hex, over all of a file but long weights, of which only the lengths count: graph, names, types, short tensors. Where a
 * tower's parts are follows from that alone, and hashing a gigabyte of weights would take longer than finding them anew.
 *
 * @throws OnnxUnsupportedError where the engine has no Web Crypto (pages that are not served by https or localhost).
 */
export async function fingerprint(model: OnnxModel): Promise<string> {
  const { crypto } = globalThis as { crypto?: Crypto };
  if (crypto?.subtle === undefined) {
    throw new OnnxUnsupportedError({
      operation: "fingerprint",
      expected: "Web Crypto (https or localhost)",
      got: "none",
    });
  }
  const lengths: string[] = [];
  const bytes = modelPieces(model).filter((piece) => {
    lengths.push(String(piece.length));
    return piece instanceof Uint8Array;
  });
  const structure = await loadPieces([...bytes, Uint8Array.from(lengths.join(), (char) => char.charCodeAt(0))]);
  const digest = await crypto.subtle.digest("SHA-256", structure);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
