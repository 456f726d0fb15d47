/** @file The protobuf wire format, as much as ONNX needs: its types, UTF-8, and fields to be written. */

/** Wire type of integers: seven bits a byte, the lowest first. */
export const VARINT = 0;
/** Wire type of eight bytes, little-endian. */
export const FIXED64 = 1;
/** Wire type of a length as a varint, then that many bytes. */
export const BYTES = 2;
/** Wire type of four bytes, little-endian. */
export const FIXED32 = 5;

/** The Encoding standard's classes: every engine has them, the language's own types do not name them. */
interface Encoding {
  readonly TextEncoder: new () => { encode(text: string): Uint8Array };
  readonly TextDecoder: new () => { decode(bytes: Uint8Array): string };
}
const { TextEncoder, TextDecoder } = globalThis as unknown as Encoding;
const encoder = new TextEncoder();
/** Text of UTF-8 bytes. */
export const decoder = new TextDecoder();

/** Bytes of a varint. Negative numbers take ten, as protobuf has them. */
export function varint(value: number | bigint): Uint8Array {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 0x80n) {
    out.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  out.push(Number(rest));
  return Uint8Array.from(out);
}

/** Tag and length of a length-delimited field. */
export function header(number: number, length: number): Uint8Array {
  return concat([varint(number * 8 + BYTES), varint(length)]);
}

/** A length-delimited field: text, or a message given by its parts. */
export function field(number: number, content: string | Uint8Array | readonly Uint8Array[]): Uint8Array {
  const bytes =
    typeof content === "string" ? encoder.encode(content) : content instanceof Uint8Array ? content : concat(content);
  return concat([header(number, bytes.length), bytes]);
}

/** A varint field. */
export function numberField(number: number, value: number | bigint): Uint8Array {
  return concat([varint(number * 8 + VARINT), varint(value)]);
}

/** Total length of bytes and spans. */
export function piecesLength(pieces: readonly { readonly length: number }[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** All arrays as one. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(piecesLength(parts));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
