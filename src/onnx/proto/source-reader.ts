/** @file Steps over the fields of a long source. Some bytes ahead of the field are in memory, so that a file takes a few short reads. */
import { FieldReader, MAX_HEADER, malformed } from "./fields.js";
import type { ByteSource, RawField, Span } from "./model.js";

/** Bytes read at a time: long enough for most nodes, short beside a weight. */
const AHEAD = 65536;
/** Bytes of one field that is loaded, such as a node with its constants. A file of two gigabytes has no room for a longer one and a graph. */
const MAX_LOAD = 2 ** 30;
/** Fields up to this length are loaded, as they mostly lie in memory anyway. */
const SMALL = 16384;

/** Steps over the fields of a source, and of the messages in it; contents are loaded only when asked for. */
export class SourceReader extends FieldReader {
  constructor(private readonly source: ByteSource) {
    super();
    this.stop = source.size;
  }

  /** Whether the next field's header is in memory, for `next`; true at the end. Asked first, as waiting for nothing has its price, too. */
  get isNear(): boolean {
    return this.end >= this.stop || this.holds(this.end, Math.min(this.end + MAX_HEADER, this.stop));
  }

  /** `next` where the header has to be loaded first. */
  async nextFar(): Promise<boolean> {
    await this.load(this.end, Math.min(this.end + MAX_HEADER, this.stop));
    return this.next();
  }

  /** Whether the field is in memory. Asked before `read`, as `isNear` is. */
  get isLoaded(): boolean {
    return this.holds(this.at, this.end);
  }

  /** This reader, with the field in memory. */
  async read(): Promise<this> {
    await this.load(this.at, this.end);
    return this;
  }

  /** What lies between two places, not loaded. */
  span(start: number, end: number): Span {
    return { source: this.source, offset: start, length: end - start };
  }

  /** The field to be carried along, loaded if it is small. */
  async carried(): Promise<RawField> {
    const { number, at, end } = this;
    return { number, piece: end - at > SMALL ? this.span(at, end) : (await this.read()).whole() };
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
    const bytes: unknown = await source.read(start, length);
    if (!(bytes instanceof Uint8Array) || bytes.length !== length) {
      const got = bytes instanceof Uint8Array ? bytes.length : "none";
      throw malformed(`${length} bytes of ${source.name} from ${start} on`, got);
    }
    this.bytes = bytes;
    this.begin = start;
  }
}
