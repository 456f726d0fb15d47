/**
 * @file Protobuf messages read field by field. The properties of a reader describe the field it came to, so that a million small
 * fields take no memory. Lengths are numbers, exact up to 2^53; only attribute values need all 64 bits.
 */
import { refusalFor } from "../../core/index.js";
import { OnnxFormatError } from "./errors.js";
import { BYTES, decoder, FIXED32, FIXED64, VARINT } from "./wire.js";

/** The error for bytes that do not follow the format. */
export const malformed = refusalFor("openOnnx", OnnxFormatError);

/** Most bytes of a field's tag and length: a field number up to 2^29 - 1 takes five, a length ten. */
export const MAX_HEADER = 15;

const WIRES: readonly number[] = [VARINT, FIXED64, BYTES, FIXED32];

/** The varint at `place.start`, above 2^53 rounded; moves the place behind it. */
function takeVarint(place: { start: number }, bytes: Uint8Array, until: number): number {
  let value = 0;
  let scale = 1;
  const { start } = place;
  for (let at = start; at < until && at < start + 10; at++) {
    const byte = bytes[at];
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      place.start = at + 1;
      return value;
    }
    scale *= 128;
  }
  throw malformed(
    "a varint of at most 10 bytes within its message",
    until - start < 10 ? `the end after ${until - start} bytes` : "more than 10 bytes",
  );
}

/** Bytes of a text at most; names are shorter, and engines have no strings of half a gigabyte. */
const MAX_TEXT = 2 ** 24;

/** Steps over the fields of a message, in their order, repeated ones too. Its content is in memory. */
export class FieldReader {
  number = 0;
  wire = 0;
  /** Places of the field's tag, of its content, and behind it. */
  at = 0;
  start = 0;
  end = 0;
  /** End of the message that the field is in. */
  protected stop = 0;
  /** What is in memory, from place `begin` on. */
  protected bytes: Uint8Array = new Uint8Array(0);
  protected begin = 0;
  /** Texts of the file by hash, each kept once: a graph has a tensor's name where it is made, declared and taken. */
  private readonly texts = new Map<number, string>();

  /** Goes before the first field of a message. */
  open(bytes: Uint8Array): this {
    this.bytes = bytes;
    this.end = 0;
    this.stop = bytes.length;
    return this;
  }

  /** Goes to the next field, whose header is in memory; false at the end of the message. */
  next(): boolean {
    if (this.end >= this.stop) return false;
    this.at = this.end;
    const { bytes, begin } = this;
    const until = Math.min(this.stop - begin, bytes.length);
    this.start = this.at - begin;
    const tag = takeVarint(this, bytes, until);
    this.number = Math.floor(tag / 8);
    this.wire = tag % 8;
    const { number, wire, start } = this;
    if (number < 1 || number > 0x1fffffff || !WIRES.includes(wire)) {
      throw malformed("a field number from 1 and wire type 0, 1, 2 or 5", `number ${number}, wire type ${wire}`);
    }
    if (wire === VARINT) {
      takeVarint(this, bytes, until);
      this.end = this.start + begin;
      this.start = start + begin;
      return true;
    }
    const length = wire === BYTES ? takeVarint(this, bytes, until) : wire === FIXED64 ? 8 : 4;
    this.start += begin;
    this.end = this.start + length;
    if (this.end > this.stop) {
      throw malformed(`a field within the ${this.stop - this.start} bytes that are left`, `${length} bytes`);
    }
    return true;
  }

  /** Refuses a field of another wire type. */
  expect(wire: number, kind: string): void {
    if (this.wire !== wire) throw malformed(`${kind} in field ${this.number}`, `wire type ${this.wire}`);
  }

  /** Goes before the first field of the message that this field holds. @returns the outer end, for `leave`. */
  enter(): number {
    const outer = this.stop;
    this.expect(BYTES, "a message");
    this.stop = this.end;
    this.end = this.start;
    return outer;
  }

  /** Goes behind the message that was entered. */
  leave(outer: number): void {
    this.end = this.stop;
    this.stop = outer;
  }

  /** Visits each field of the message that this field holds, then goes behind it. */
  eachInside(visit: () => void): void {
    const outer = this.enter();
    while (this.next()) visit();
    this.leave(outer);
  }

  /** The last text with this number in the message that this field holds; "" for none. */
  textInside(number: number): string {
    let text = "";
    this.eachInside(() => {
      if (this.number === number) text = this.text();
    });
    return text;
  }

  /** The content of a message or of bytes: a view. */
  content(): Uint8Array {
    this.expect(BYTES, "a message");
    return this.view(this.start, this.end);
  }

  /** The field with its tag, as it was written: a view. */
  whole(): Uint8Array {
    return this.view(this.at, this.end);
  }

  /** Bytes between two places: a view. */
  view(start: number, end: number): Uint8Array {
    return this.bytes.subarray(start - this.begin, end - this.begin);
  }

  text(): string {
    this.expect(BYTES, "text");
    const length = this.end - this.start;
    if (length > MAX_TEXT) throw malformed(`at most ${MAX_TEXT} bytes of text in field ${this.number}`, `${length}`);
    const bytes = this.content();
    const hash = hashOf(bytes);
    const known = this.texts.get(hash);
    if (known !== undefined && isText(known, bytes)) return known;
    const text = decoder.decode(bytes);
    this.texts.set(hash, text);
    return text;
  }

  /** A length, a dimension or a member of an enumeration. */
  unsigned(): number {
    this.expect(VARINT, "a number");
    return takeVarint({ start: 0 }, this.view(this.start, this.end), this.end - this.start);
  }

  /** A 64-bit integer with its sign. */
  int64(): bigint {
    this.expect(VARINT, "a number");
    return signed(this.view(this.start, this.end));
  }

  float(): number {
    this.expect(FIXED32, "a float");
    const { buffer, byteOffset } = this.view(this.start, this.end);
    return new DataView(buffer, byteOffset, 4).getFloat32(0, true);
  }

  /** Adds the whole numbers of a repeated field, packed or not, to at most `most`: each takes more memory than its bytes. */
  addIntegers(out: bigint[], most: number): void {
    // A field that is not packed holds one.
    if (this.wire !== VARINT) this.expect(BYTES, "numbers");
    const bytes = this.view(this.start, this.end);
    const place = { start: 0 };
    while (place.start < bytes.length) {
      const { start } = place;
      takeVarint(place, bytes, bytes.length);
      if (out.length === most) throw malformed(`at most ${most} numbers in field ${this.number}`, "more");
      out.push(signed(bytes.subarray(start, place.start)));
    }
  }
}

/** The 64 bits of a varint, as two's complement. */
function signed(bytes: Uint8Array): bigint {
  if (bytes.length < 8) return BigInt(takeVarint({ start: 0 }, bytes, bytes.length));
  let value = 0n;
  for (let i = 0; i < bytes.length; i++) value |= BigInt(bytes[i] & 0x7f) << BigInt(7 * i);
  return BigInt.asIntN(64, value);
}

/** FNV-1a (Fowler, Noll, Vo). */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash;
}

/** Whether ASCII bytes are this text, which takes less time than decoding them; false for others. */
function isText(text: string, bytes: Uint8Array): boolean {
  if (text.length !== bytes.length) return false;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] > 0x7f || text.charCodeAt(i) !== bytes[i]) return false;
  return true;
}
