/** @file A window on a source that moves forward and holds some bytes ahead, so that a long file takes a few short reads. */
import { FieldReader, type Header, MAX_HEADER, malformed, readHeader } from "./fields.js";
import type { ByteSource, Piece } from "./model.js";

/** Bytes read at a time: long enough for most nodes, short beside a weight. */
const AHEAD = 65536;
/** Bytes of one field that is loaded, such as a node with its constants. A file of two gigabytes has no room for a longer one and a graph. */
const MAX_LOAD = 2 ** 30;
/** Fields up to this length are loaded, as they mostly lie in the window anyway. */
export const SMALL = 16384;

/** Bytes of a source around the place that is being read. */
export class Window {
  private bytes: Uint8Array = new Uint8Array(0);
  private begin = 0;
  private readonly reader = new FieldReader();

  constructor(readonly source: ByteSource) {}

  /** Whether the bytes from `start` to `end` are at hand. Asked before `load`, as waiting for nothing has its price, too. */
  holds(start: number, end: number): boolean {
    return start >= this.begin && end <= this.begin + this.bytes.length;
  }

  /** Brings the bytes from `start` to `end` of the source to hand. */
  async load(start: number, end: number): Promise<void> {
    if (this.holds(start, end)) return;
    if (end - start > MAX_LOAD)
      throw malformed(`at most ${MAX_LOAD} bytes in a field that is no weight`, `${end - start}`);
    const length = Math.min(Math.max(end - start, AHEAD), this.source.size - start);
    if (length < end - start || start < 0)
      throw malformed(`${this.source.name} of at least ${end} bytes`, `${this.source.size}`);
    this.bytes = await this.source.read(start, length);
    this.begin = start;
  }

  /** Bytes at hand: a view. */
  view(start: number, end: number): Uint8Array {
    return this.bytes.subarray(start - this.begin, end - this.begin);
  }

  /** The header at `at`, at hand, of a field in a message that ends at `end`. Places are those of the source. */
  header(out: Header, at: number, end: number): void {
    const { bytes, begin } = this;
    readHeader(out, bytes, at - begin, Math.min(end - begin, bytes.length), end - begin);
    out.start += begin;
    out.end += begin;
  }

  /** A reader that has come to the field at hand whose tag is at `at`; it holds until the next is asked for. */
  field(at: number, end: number): FieldReader {
    this.reader.open(this.bytes, at - this.begin, end - this.begin).next();
    return this.reader;
  }
}

/** Steps over the fields of a message that lies in the source from `start` to `stop`; contents are loaded only when asked for. */
export class SourceFields implements Header {
  number = 0;
  wire = 0;
  /** Places in the source of the field that `next` came to: of its tag, of its content, and behind it. */
  at = 0;
  start = 0;
  end: number;

  constructor(
    private readonly window: Window,
    start: number,
    private readonly stop: number,
  ) {
    this.end = start;
  }

  /** Whether the next field's header is at hand, for `next`; true at the end. */
  get isNear(): boolean {
    return this.end >= this.stop || this.window.holds(this.end, Math.min(this.end + MAX_HEADER, this.stop));
  }

  /** Goes to the next field, whose header is at hand; false at the end of the message. */
  next(): boolean {
    if (this.end >= this.stop) return false;
    this.at = this.end;
    this.window.header(this, this.at, this.stop);
    return true;
  }

  /** `next` where the header has to be brought to hand first. */
  async nextFar(): Promise<boolean> {
    await this.window.load(this.end, Math.min(this.end + MAX_HEADER, this.stop));
    return this.next();
  }

  /** A reader at this field, whose bytes are brought to hand. */
  async read(): Promise<FieldReader> {
    await this.window.load(this.at, this.end);
    return this.window.field(this.at, this.end);
  }

  /** `read` without waiting; undefined where the field is not at hand. */
  readNow(): FieldReader | undefined {
    return this.window.holds(this.at, this.end) ? this.window.field(this.at, this.end) : undefined;
  }

  /** The field with its tag as it lies in the source. */
  whole(): Piece {
    return { source: this.window.source, offset: this.at, length: this.end - this.at };
  }

  /** Its content as it lies in the source. */
  content(): Piece {
    return { source: this.window.source, offset: this.start, length: this.end - this.start };
  }
}
