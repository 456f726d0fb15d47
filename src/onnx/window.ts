/** @file A place in a source that moves forward and holds some bytes ahead, so that a long file is read in a few short reads. */
import { OnnxFormatError } from "./errors.js";
import type { ByteSource, Piece } from "./source.js";
import { extent, MAX_HEADER, readVarint, splitTag } from "./wire.js";

/** Bytes read at a time: long enough for most nodes, short beside a weight. */
const AHEAD = 65536;
/** Fields up to this length are loaded with what is read anyway. */
export const SMALL = 16384;

/** A field whose content lies in the source. */
export interface SourceField {
  readonly number: number;
  readonly wire: number;
  /** Place of its tag. */
  readonly at: number;
  /** Place of its content. */
  readonly start: number;
  readonly end: number;
}

export class Window {
  private bytes: Uint8Array = new Uint8Array(0);
  private begin = 0;

  constructor(readonly source: ByteSource) {}

  /** The header of the field at `at` in a message that ends at `end`. */
  async field(at: number, end: number): Promise<SourceField> {
    await this.need(at, Math.min(at + MAX_HEADER, end));
    const from = at - this.begin;
    const until = Math.min(end - this.begin, this.bytes.length);
    const tag = readVarint(this.bytes, from, until);
    const { number, wire } = splitTag(tag.value);
    const content = extent(this.bytes, tag.next, until, wire, end - this.begin);
    return { number, wire, at, start: content.start + this.begin, end: content.end + this.begin };
  }

  /** The bytes from `start` to `end`, within the source. */
  async load(start: number, end: number): Promise<Uint8Array> {
    await this.need(start, end);
    return this.bytes.subarray(start - this.begin, end - this.begin);
  }

  /** A field with its tag, loaded if it is small. */
  async piece({ at, end }: SourceField): Promise<Piece> {
    if (end - at > SMALL) return { source: this.source, offset: at, length: end - at };
    return this.load(at, end);
  }

  private async need(start: number, end: number): Promise<void> {
    if (start >= this.begin && end <= this.begin + this.bytes.length) return;
    const length = Math.min(Math.max(end - start, AHEAD), this.source.size - start);
    if (length < end - start || start < 0) throw this.cutShort(end);
    this.bytes = await this.source.read(start, length);
    this.begin = start;
  }

  private cutShort(end: number): OnnxFormatError {
    return new OnnxFormatError({
      operation: "openOnnx",
      expected: `${this.source.name} of at least ${end} bytes`,
      got: `${this.source.size} bytes`,
    });
  }
}

/** The fields of a message that lies in the source from `start` to `end`. */
export async function* sourceFields(window: Window, start: number, end: number): AsyncGenerator<SourceField> {
  for (let at = start; at < end; ) {
    const field = await window.field(at, end);
    yield field;
    at = field.end;
  }
}
