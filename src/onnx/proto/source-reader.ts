/** @file Steps over the fields of a long source. Some bytes ahead of the field are in memory, so that a file takes a few short reads. */
import { Cursor, FieldReader, MAX_HEADER, malformed } from "./fields.js";
import type { ByteSource, Piece, RawField } from "./model.js";
import { BYTES } from "./wire.js";

/** Bytes read at a time: long enough for most nodes, short beside a weight. */
const AHEAD = 65536;
/** Bytes of one field that is loaded, such as a node with its constants. A file of two gigabytes has no room for a longer one and a graph. */
const MAX_LOAD = 2 ** 30;
/** Fields up to this length are loaded, as they mostly lie in memory anyway. */
const SMALL = 16384;

/** Steps over the fields of a source, and of the messages in it; contents are loaded only when asked for. */
export class SourceReader extends Cursor {
  /** Bytes of the source from `begin` on. */
  private bytes: Uint8Array = new Uint8Array(0);
  private begin = 0;
  private readonly reader = new FieldReader();

  constructor(private readonly source: ByteSource) {
    super();
    this.stop = source.size;
  }

  /** Whether the next field's header is in memory, for `next`; true at the end. Asked first, as waiting for nothing has its price, too. */
  get isNear(): boolean {
    return this.end >= this.stop || this.holds(this.end, Math.min(this.end + MAX_HEADER, this.stop));
  }

  /** Goes to the next field, whose header is in memory; false at the end of the message. */
  next(): boolean {
    if (this.end >= this.stop) return false;
    this.at = this.end;
    const { bytes, begin, at, stop } = this;
    this.readHeader(bytes, at - begin, Math.min(stop - begin, bytes.length), stop - begin);
    this.start += begin;
    this.end += begin;
    return true;
  }

  /** `next` where the header has to be loaded first. */
  async nextFar(): Promise<boolean> {
    await this.load(this.end, Math.min(this.end + MAX_HEADER, this.stop));
    return this.next();
  }

  /** Goes before the first field of the message that this field holds. @returns the outer end, for `leave`. */
  enter(): number {
    const outer = this.stop;
    this.expect(BYTES, "a message");
    this.stop = this.end;
    this.end = this.start;
    return outer;
  }

  /** Goes behind the message that was entered, from its end. */
  leave(outer: number): void {
    this.stop = outer;
  }

  /** A reader that has come to this field, which is loaded; it holds until the next is asked for. */
  async read(): Promise<FieldReader> {
    await this.load(this.at, this.end);
    return this.inMemory();
  }

  /** `read` without waiting; undefined where the field is not in memory. */
  readNow(): FieldReader | undefined {
    return this.holds(this.at, this.end) ? this.inMemory() : undefined;
  }

  /** The field with its tag as it lies in the source. */
  whole(): Piece {
    return { source: this.source, offset: this.at, length: this.end - this.at };
  }

  /** Its content as it lies in the source. */
  content(): Piece {
    this.expect(BYTES, "a message");
    return { source: this.source, offset: this.start, length: this.end - this.start };
  }

  /** The field to be carried along, loaded if it is small. */
  async carried(): Promise<RawField> {
    const { number, at, end } = this;
    if (end - at > SMALL) return { number, piece: this.whole() };
    await this.load(at, end);
    return { number, piece: this.bytes.subarray(at - this.begin, end - this.begin) };
  }

  private holds(start: number, end: number): boolean {
    return start >= this.begin && end <= this.begin + this.bytes.length;
  }

  /** Loads the bytes from `start` to `end`, and some ahead. */
  private async load(start: number, end: number): Promise<void> {
    if (this.holds(start, end)) return;
    const { source } = this;
    if (end - start > MAX_LOAD) throw malformed(`at most ${MAX_LOAD} bytes in a field that is no weight`, end - start);
    const length = Math.min(Math.max(end - start, AHEAD), source.size - start);
    if (length < end - start || start < 0) throw malformed(`${source.name} of at least ${end} bytes`, source.size);
    this.bytes = await source.read(start, length);
    this.begin = start;
  }

  private inMemory(): FieldReader {
    this.reader.open(this.bytes, this.at - this.begin, this.end - this.begin).next();
    return this.reader;
  }
}
