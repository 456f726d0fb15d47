/**
 * @file Protobuf messages read field by field. One reader steps over all fields of a file and of the messages in them. Its properties
 * describe the field it came to, so that a million small fields take no memory. Lengths are numbers, exact up to 2^53; only attribute
 * values need all 64 bits.
 */
import { refusalFor } from "../../core/index.js";
import { OnnxFormatError } from "./errors.js";
import { BYTES, FIXED32, FIXED64, VARINT } from "./wire.js";

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
  private readonly texts = new Texts();

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
    return this.texts.read(this.bytes, this.start, this.end);
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

/** The Encoding standard's class: every engine has it, the language's own types do not name it. */
interface Encoding {
  readonly TextDecoder: new () => { decode(bytes: Uint8Array): string };
}
const decoder = new (globalThis as unknown as Encoding).TextDecoder();

/** Tries for a place in the table. Names with equal hashes are rare unless made so; those are kept more than once. */
const MAX_PROBES = 8;

/** Texts of a file, each distinct one kept once. A graph has a tensor's name where it is made, declared and taken. */
class Texts {
  private readonly known = new Map<number, string>();

  /** The UTF-8 text from `start` to `end`. */
  read(bytes: Uint8Array, start: number, end: number): string {
    const hash = hashOf(bytes, start, end);
    // Only ASCII bytes are the text's own code units, so that the two can be compared.
    if (hash === undefined) return decoder.decode(bytes.subarray(start, end));
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const key = (hash + probe) | 0;
      const known = this.known.get(key);
      if (known === undefined) {
        const text = decoder.decode(bytes.subarray(start, end));
        this.known.set(key, text);
        return text;
      }
      if (isText(known, bytes, start, end)) return known;
    }
    return decoder.decode(bytes.subarray(start, end));
  }
}

/** FNV-1a of the bytes (Fowler, Noll, Vo); undefined where one is not ASCII. */
function hashOf(bytes: Uint8Array, start: number, end: number): number | undefined {
  let hash = 0x811c9dc5 | 0;
  for (let i = start; i < end; i++) {
    if (bytes[i] > 0x7f) return undefined;
    hash = Math.imul(hash ^ bytes[i], 0x01000193);
  }
  return hash;
}

function isText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = start; i < end; i++) if (text.charCodeAt(i - start) !== bytes[i]) return false;
  return true;
}
