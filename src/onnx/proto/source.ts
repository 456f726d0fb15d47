/** @file Sources of a model's bytes (memory, a server), read by position so that nothing is loaded whole; pieces of them. */
import { refusalFor, shape } from "../../core/index.js";
import { OnnxInputError } from "./errors.js";
import type { ByteSource, Piece } from "./model.js";
import { piecesLength } from "./wire.js";

/** A source over bytes in memory; reads are views, nothing is copied. */
export function bytesSource(bytes: Uint8Array, name = "bytes"): ByteSource {
  const wanted = shape.object({ bytes: shape.instance(Uint8Array), name: shape.text });
  shape.shaped({ bytes, name }, wanted, refusalFor("bytesSource", OnnxInputError));
  return {
    name,
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  };
}

/** The part of `fetch` that is used, so that any implementation can be given. */
export type RangeFetch = (
  address: string,
  init: { headers: Record<string, string> },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** As that of `fetch`: a body that is not wanted is cancelled. */
  readonly body?: { cancel(): Promise<void> } | null;
  arrayBuffer(): Promise<ArrayBuffer>;
}>;

/** The caller's `fetch`, and the answer to servers without Range requests. */
export interface HttpSourceOptions {
  /** `fetch` or a function like it; to be able to stop, one that passes an AbortSignal on. */
  readonly fetch: RangeFetch;
  /** Where the server ignores ranges: refuse, or load the whole file. Default: refuse. */
  readonly withoutRanges?: "refuse" | "load";
}

const HTTP_OPTIONS = {
  fetch: shape.value<RangeFetch>("a function", (given) => typeof given === "function"),
  withoutRanges: shape.optional(shape.oneOf("refuse", "load")),
};

/**
 * A source over HTTP: parts are asked for by Range requests.
 *
 * @throws OnnxInputError when the server does not answer, has no such file, or ignores ranges and `withoutRanges` is "refuse".
 */
export async function httpSource(address: string, options: HttpSourceOptions): Promise<ByteSource> {
  const { fetch, withoutRanges = "refuse" } = shape.options(
    options,
    HTTP_OPTIONS,
    refusalFor("httpSource", OnnxInputError),
  );
  shape.shaped({ address }, shape.object({ address: shape.text }), refusalFor("httpSource", OnnxInputError));
  const refuse = refusalFor("httpSource", OnnxInputError);
  const refusal = (expected: string, got: string) => refuse(`${expected} from ${address}`, got);
  const ask = (range: string) => fetch(address, { headers: { Range: `bytes=${range}` } });
  // Two bytes: sirv, which serves Vite's pages, takes a range of the first byte alone for the whole file.
  const probe = await ask("0-1");
  if (probe.status === 200) {
    if (withoutRanges === "refuse") throw refusal("a server that answers Range requests", "the whole file");
    return bytesSource(new Uint8Array(await probe.arrayBuffer()), address);
  }
  const range = probe.headers.get("content-range") ?? "";
  const size = Number(/^bytes 0-\d+\/(\d+)$/.exec(range)?.[1]);
  await probe.body?.cancel();
  if (probe.status !== 206 || !Number.isSafeInteger(size)) {
    const got = probe.status === 206 ? `"${range}"` : `status ${probe.status}`;
    throw refusal("status 206 with start and size of the file in Content-Range", got);
  }
  return {
    name: address,
    size,
    async read(offset, length) {
      if (length === 0) return new Uint8Array(0);
      const answer = await ask(`${offset}-${offset + length - 1}`);
      const said = answer.headers.get("content-range");
      if (said !== null && !said.startsWith(`bytes ${offset}-`)) {
        await answer.body?.cancel();
        throw refusal(`${length} bytes from ${offset}`, said);
      }
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (answer.status !== 206 || bytes.length !== length) {
        throw refusal(`${length} bytes from ${offset}`, `status ${answer.status} with ${bytes.length} bytes`);
      }
      return bytes;
    },
  };
}

/** All pieces as one array. */
export async function loadPieces(pieces: readonly Piece[]): Promise<Uint8Array> {
  const out = new Uint8Array(piecesLength(pieces));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece instanceof Uint8Array ? piece : await piece.source.read(piece.offset, piece.length), at);
    at += piece.length;
  }
  return out;
}

/** The same pieces; neighbors in one place are joined, so that a copy takes few long reads. */
export function joinPieces(pieces: readonly Piece[]): Piece[] {
  const out: Piece[] = [];
  for (const piece of pieces) addPiece(out, piece);
  return out;
}

/** Adds a piece to a list: joined to the last one where it follows that. */
export function addPiece(pieces: Piece[], piece: Piece): void {
  const joined = joinedPiece(pieces.at(-1), piece);
  if (joined === undefined) pieces.push(piece);
  else pieces[pieces.length - 1] = joined;
}

/** Both as one piece; undefined unless the second follows the first in a source, or in memory that both are views of. */
function joinedPiece(first: Piece | undefined, second: Piece): Piece | undefined {
  if (first === undefined) return undefined;
  const length = first.length + second.length;
  if (first instanceof Uint8Array) {
    if (!(second instanceof Uint8Array) || first.buffer !== second.buffer) return undefined;
    if (first.byteOffset + first.length !== second.byteOffset) return undefined;
    return new Uint8Array(first.buffer, first.byteOffset, length);
  }
  if (second instanceof Uint8Array || first.source !== second.source) return undefined;
  return first.offset + first.length === second.offset ? { ...first, length } : undefined;
}
