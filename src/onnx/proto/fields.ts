/**
 * @file Protobuf messages read field by field. One reader steps over all fields of a file and of the messages in them. Its properties
 * describe the field it came to, so that a million small fields take no memory. Lengths are numbers, exact up to 2^53; only attribute
 * values need all 64 bits.
 */
import { refusalFor } from "../../core/index.js";
import { OnnxFormatError } from "./errors.js";
import { BYTES, decoder, FIXED32, FIXED64, VARINT } from "./wire.js";

/** The error for bytes that do not follow the format. */
export const malformed = refusalFor("openOnnx", OnnxFormatError);

/** Most bytes of a field's tag and length: a field number up to 2^29 - 1 takes five, a length ten. */
export const MAX_HEADER = 15;

const WIRES: readonly number[] = [VARINT, FIXED64, BYTES, FIXED32];

/** The field that a reader came to. */
export class Cursor {
  number = 0;
  wire = 0;
  /** Places of its tag, of its content, and behind it. */
  at = 0;
  start = 0;
  end = 0;
  /** End of the message that the field is in. */
  protected stop = 0;

  /** Reads the header of the field at `at`, before `until` in `bytes`; the content must end by `limit`, maybe behind the bytes. */
  protected readHeader(bytes: Uint8Array, at: number, until: number, limit: number): void {
    this.start = at;
    const tag = takeVarint(this, bytes, until);
    this.number = Math.floor(tag / 8);
    this.wire = tag % 8;
    const { number, wire, start } = this;
    if (number < 1 || number > 0x1fffffff || !WIRES.includes(wire)) {
      throw malformed("a field number from 1 and wire type 0, 1, 2 or 5", `number ${number}, wire type ${wire}`);
    }
    if (wire === VARINT) {
      takeVarint(this, bytes, until);
      this.end = this.start;
      this.start = start;
      return;
    }
    const length = wire === BYTES ? takeVarint(this, bytes, until) : wire === FIXED64 ? 8 : 4;
    this.end = this.start + length;
    if (this.end > limit) {
      throw malformed(`a field within the ${limit - this.start} bytes that are left`, `${length} bytes`);
    }
  }

  protected expect(wire: number, kind: string): void {
    if (this.wire !== wire) throw malformed(`${kind} in field ${this.number}`, `wire type ${this.wire}`);
  }
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
export class FieldReader extends Cursor {
  private bytes: Uint8Array = NOTHING;
  /** Texts of the file, each distinct one kept once: a graph has a tensor's name where it is made, declared and taken. */
  private readonly texts = new Map<string, string>();

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
    this.readHeader(this.bytes, this.at, this.stop, this.stop);
    return true;
  }

  /** Visits each field of the message that this field holds, then goes behind it. */
  eachInside(visit: () => void): void {
    this.expect(BYTES, "a message");
    const { start, end, stop } = this;
    this.end = start;
    this.stop = end;
    while (this.next()) visit();
    this.end = end;
    this.stop = stop;
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
    return this.bytes.subarray(this.start, this.end);
  }

  /** The field with its tag, as it was written: a view. */
  whole(): Uint8Array {
    return this.bytes.subarray(this.at, this.end);
  }

  /** Bytes of the array that the reader was opened on: a view. */
  view(start: number, end: number): Uint8Array {
    return this.bytes.subarray(start, end);
  }

  text(): string {
    this.expect(BYTES, "text");
    const length = this.end - this.start;
    if (length > MAX_TEXT) throw malformed(`at most ${MAX_TEXT} bytes of text in field ${this.number}`, `${length}`);
    const text = decoder.decode(this.bytes.subarray(this.start, this.end));
    const known = this.texts.get(text);
    if (known === undefined) this.texts.set(text, text);
    return known ?? text;
  }

  /** A length, a dimension or a member of an enumeration. */
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
    // A field that is not packed holds one.
    if (this.wire !== VARINT) this.expect(BYTES, "numbers");
    const place = { start: this.start };
    while (place.start < this.end) {
      const { start } = place;
      takeVarint(place, this.bytes, this.end);
      if (out.length === most) throw malformed(`at most ${most} numbers in field ${this.number}`, "more");
      out.push(signed(this.bytes, start, place.start));
    }
  }
}

/** The 64 bits of the varint from `start` to `end`, as two's complement. */
function signed(bytes: Uint8Array, start: number, end: number): bigint {
  if (end - start < 8) return BigInt(takeVarint({ start }, bytes, end));
  let value = 0n;
  for (let i = start; i < end; i++) value |= BigInt(bytes[i] & 0x7f) << BigInt(7 * (i - start));
  return BigInt.asIntN(64, value);
}
