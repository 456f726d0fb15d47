/**
 * @file Protobuf messages read field by field. One reader serves all fields of a file, and those of the messages in them: what it
 * came to is said by its properties, so that a million small fields take no memory. Lengths are numbers, exact up to 2^53; only
 * attribute values need all 64 bits.
 */
import { OnnxFormatError } from "./errors.js";
import { Texts } from "./texts.js";
import { BYTES, FIXED32, FIXED64, VARINT } from "./wire.js";

/** A field: where its content lies, and what it is said to be. */
export interface Header {
  number: number;
  wire: number;
  start: number;
  end: number;
}

/** A tag of wire 0 to 5 and a field number up to 2^29 - 1 takes five bytes, a length ten at most. */
export const MAX_HEADER = 15;

/**
 * Reads the header of the field at `at` into `header`. The header must be in `bytes` before `until`; the content need not be, but
 * must end by `limit`.
 */
export function readHeader(header: Header, bytes: Uint8Array, at: number, until: number, limit: number): void {
  header.start = at;
  const tag = takeVarint(header, bytes, until);
  header.number = Math.floor(tag / 8);
  header.wire = tag % 8;
  if (header.number < 1 || header.number > 0x1fffffff || !isWire(header.wire)) {
    throw malformed(
      "a field number from 1 and wire type 0, 1, 2 or 5",
      `number ${header.number}, wire type ${header.wire}`,
    );
  }
  if (header.wire === VARINT) {
    const { start } = header;
    takeVarint(header, bytes, until);
    header.end = header.start;
    header.start = start;
    return;
  }
  const length = header.wire === BYTES ? takeVarint(header, bytes, until) : header.wire === FIXED64 ? 8 : 4;
  if (header.start + length > limit) {
    throw malformed(`a field within the ${limit - header.start} bytes that are left`, `${length} bytes`);
  }
  header.end = header.start + length;
}

function isWire(wire: number): boolean {
  return wire === VARINT || wire === FIXED64 || wire === BYTES || wire === FIXED32;
}

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

const NOTHING = new Uint8Array(0);

/** Bytes of a text at most; names are shorter, and engines have no strings of half a gigabyte. */
const MAX_TEXT = 2 ** 24;

/** Steps over the fields of a message in memory, in their order, repeated ones too. */
export class FieldReader implements Header {
  number = 0;
  wire = 0;
  /** Places of the field that `next` came to: of its tag, of its content, and behind it. */
  at = 0;
  start = 0;
  end = 0;
  private bytes: Uint8Array = NOTHING;
  private stop = 0;

  constructor(private readonly texts = new Texts()) {}

  /** Goes before the first field of the message that lies from `start` to `stop`. */
  open(bytes: Uint8Array, start = 0, stop = bytes.length): this {
    this.bytes = bytes;
    this.end = start;
    this.stop = stop;
    return this;
  }

  /** Goes to the next field; false at the end of the message. */
  next(): boolean {
    if (this.end >= this.stop) return false;
    this.at = this.end;
    readHeader(this, this.bytes, this.at, this.stop, this.stop);
    return true;
  }

  /** Goes before the first field of the message that this field holds. What it returns is for `leave`. */
  enter(): number {
    this.expect(BYTES, "a message");
    const outer = this.stop;
    this.stop = this.end;
    this.end = this.start;
    return outer;
  }

  /** Goes behind the message that was entered, from wherever it is in it. */
  leave(outer: number): void {
    this.end = this.stop;
    this.stop = outer;
  }

  /** The content of a message or of bytes: a view. */
  content(): Uint8Array {
    this.expect(BYTES, "a message");
    return this.bytes.subarray(this.start, this.end);
  }

  /** The field with its tag, as it was written: a view. */
  whole(): Uint8Array {
    return this.bytes.subarray(this.at, this.end);
  }

  /** Bytes of what the reader was opened on: a view. */
  view(start: number, end: number): Uint8Array {
    return this.bytes.subarray(start, end);
  }

  text(): string {
    this.expect(BYTES, "text");
    const length = this.end - this.start;
    if (length > MAX_TEXT) throw malformed(`at most ${MAX_TEXT} bytes of text in field ${this.number}`, `${length}`);
    return this.texts.read(this.bytes, this.start, this.end);
  }

  /** A length, a dimension or an enumeration. */
  unsigned(): number {
    this.expect(VARINT, "a number");
    return takeVarint({ start: this.start }, this.bytes, this.end);
  }

  /** A 64-bit integer with its sign. */
  int64(): bigint {
    this.expect(VARINT, "a number");
    return signed(this.bytes, this.start, this.end);
  }

  float(): number {
    this.expect(FIXED32, "a float");
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + this.start, 4).getFloat32(0, true);
  }

  /** Adds the whole numbers of a repeated field, packed or not, to at most `most`: each takes more memory than its bytes. */
  addIntegers(out: bigint[], most: number): void {
    if (this.wire === VARINT) {
      if (out.length === most) throw this.tooMany(most);
      out.push(this.int64());
      return;
    }
    this.expect(BYTES, "numbers");
    const place = { start: this.start };
    while (place.start < this.end) {
      const { start } = place;
      takeVarint(place, this.bytes, this.end);
      if (out.length === most) throw this.tooMany(most);
      out.push(signed(this.bytes, start, place.start));
    }
  }

  private tooMany(most: number): OnnxFormatError {
    return malformed(`at most ${most} numbers in field ${this.number}`, "more");
  }

  private expect(wire: number, what: string): void {
    if (this.wire !== wire) throw malformed(`${what} in field ${this.number}`, `wire type ${this.wire}`);
  }
}

/** The 64 bits of the varint from `start` to `end`, as two's complement. */
function signed(bytes: Uint8Array, start: number, end: number): bigint {
  if (end - start < 8) return BigInt(takeVarint({ start }, bytes, end));
  let value = 0n;
  for (let i = start; i < end; i++) value |= BigInt(bytes[i] & 0x7f) << BigInt(7 * (i - start));
  return BigInt.asIntN(64, value);
}

/** What is wrong with the bytes of a file. */
export function malformed(expected: string, got: string): OnnxFormatError {
  return new OnnxFormatError({ operation: "openOnnx", expected, got });
}
