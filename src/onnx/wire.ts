/**
 * @file The protobuf wire format, as much as ONNX needs: varints, tags and length-delimited fields, read from bytes in memory and
 * written to bytes. Lengths are numbers, exact up to 2^53; only attribute values need all 64 bits.
 */
import { OnnxFormatError } from "./errors.js";

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

/** A field of a message in memory. */
export interface Field {
  readonly number: number;
  readonly wire: number;
  /** Of `BYTES` and fixed fields: the content. Of varints: their own bytes. */
  readonly bytes: Uint8Array;
  /** With the tag, as it was written. */
  readonly whole: Uint8Array;
}

const OPERATION = "openOnnx";

/** A tag of wire 0 to 5 and a field number up to 2^29 - 1 takes five bytes, a length ten at most. */
export const MAX_HEADER = 15;

/** Reads a varint; `end` is where the message ends. Returns its value, above 2^53 rounded, and the place after it. */
export function readVarint(bytes: Uint8Array, start: number, end: number): { value: number; next: number } {
  let value = 0;
  let scale = 1;
  for (let at = start; at < end && at < start + 10; at++) {
    const byte = bytes[at];
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: at + 1 };
    scale *= 128;
  }
  throw new OnnxFormatError({
    operation: OPERATION,
    expected: "a varint of at most 10 bytes within its message",
    got: end - start < 10 ? `the end after ${end - start} bytes` : "more than 10 bytes",
  });
}

/** The fields of a message in memory, in their order, repeated ones too. */
export function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  while (at < bytes.length) {
    const tag = readVarint(bytes, at, bytes.length);
    const { number, wire } = splitTag(tag.value);
    const { start, end } = extent(bytes, tag.next, bytes.length, wire);
    yield { number, wire, bytes: bytes.subarray(start, end), whole: bytes.subarray(at, end) };
    at = end;
  }
}

/** Field number and wire type of a tag. */
export function splitTag(tag: number): { number: number; wire: number } {
  const number = Math.floor(tag / 8);
  const wire = tag % 8;
  if (
    number < 1 ||
    number > 0x1fffffff ||
    (wire !== VARINT && wire !== FIXED64 && wire !== BYTES && wire !== FIXED32)
  ) {
    throw new OnnxFormatError({
      operation: OPERATION,
      expected: "a field number from 1 and wire type 0, 1, 2 or 5",
      got: `number ${number}, wire type ${wire}`,
    });
  }
  return { number, wire };
}

/** Where the content of a field lies that begins after its tag at `start`; the header must be in `bytes`, the content need not. */
export function extent(
  bytes: Uint8Array,
  start: number,
  end: number,
  wire: number,
  limit = end,
): { start: number; end: number } {
  if (wire === VARINT) return { start, end: readVarint(bytes, start, end).next };
  let from = start;
  let length = wire === FIXED64 ? 8 : 4;
  if (wire === BYTES) ({ value: length, next: from } = readVarint(bytes, start, end));
  if (from + length > limit) {
    throw new OnnxFormatError({
      operation: OPERATION,
      expected: `a field within the ${limit - from} bytes that are left`,
      got: `${length} bytes`,
    });
  }
  return { start: from, end: from + length };
}

/** A number that may be read as a length, a dimension or an enumeration. */
export function toNumber({ bytes, wire, number }: Field): number {
  if (wire !== VARINT) throw wrongWire(number, "a number", wire);
  return readVarint(bytes, 0, bytes.length).value;
}

/** A 64-bit integer with its sign. */
export function toInt64(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = 0; i < bytes.length; i++) value |= BigInt(bytes[i] & 0x7f) << BigInt(7 * i);
  return BigInt.asIntN(64, value);
}

/** The Encoding standard's classes: every engine has them, the language's own types do not name them. */
interface Encoding {
  readonly TextDecoder: new () => { decode(bytes: Uint8Array): string };
  readonly TextEncoder: new () => { encode(text: string): Uint8Array };
}
const { TextDecoder, TextEncoder } = globalThis as unknown as Encoding;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

export function toText({ bytes, wire, number }: Field): string {
  if (wire !== BYTES) throw wrongWire(number, "text", wire);
  return decoder.decode(bytes);
}

/** The content of an embedded message. */
export function toMessage({ bytes, wire, number }: Field): Uint8Array {
  if (wire !== BYTES) throw wrongWire(number, "a message", wire);
  return bytes;
}

function wrongWire(number: number, expected: string, wire: number): OnnxFormatError {
  return new OnnxFormatError({
    operation: OPERATION,
    expected: `${expected} in field ${number}`,
    got: `wire type ${wire}`,
  });
}

/** The whole numbers of a repeated field, packed or not. */
export function* toNumbers(field: Field): Generator<bigint> {
  if (field.wire === VARINT) yield toInt64(field.bytes);
  else {
    const bytes = toMessage(field);
    for (let at = 0; at < bytes.length; ) {
      const { next } = readVarint(bytes, at, bytes.length);
      yield toInt64(bytes.subarray(at, next));
      at = next;
    }
  }
}

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

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
