/** @file Images as files: where one is, or its bytes. Types by their members, so that they need no library of the DOM or of Node. */
import { messageOf } from "./errors.js";
import { isRecord } from "./shape.js";

/** A `URL`, as far as it is read. */
export interface UrlLike {
  readonly href: string;
  toString(): string;
}

/** A `Blob` or `File`, as far as it is read. */
export interface BlobLike {
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/**
 * An image as a file: a path (Node), an address (`http:`, `https:`, `file:` in Node, `blob:`, `data:`; a relative one in a browser), a
 * `URL`, a `Blob` or `File`, or the bytes of a file.
 */
export type ImageSource = string | UrlLike | BlobLike | Uint8Array | ArrayBuffer;

/** Longest file of an image. */
export const MAX_IMAGE_BYTES = 256 * 2 ** 20;
/** Largest image: above any camera's, 300 MB when decoded. */
export const MAX_IMAGE_PIXELS = 1e8;
/** Longest side: that of JPEG. A thinner image takes decoders and models seconds and gigabytes for each of its few pixels. */
export const MAX_IMAGE_SIDE = 65_535;

/** True for bytes, of whatever realm: of an iframe, of a test's environment. */
export function isBytes(value: unknown): value is Uint8Array | Uint8ClampedArray {
  return ArrayBuffer.isView(value) && /^Uint8(Clamped)?Array$/.test((value as Uint8Array)[Symbol.toStringTag]);
}

const byteLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength")?.get as () => number;

/** True for an ArrayBuffer, of whatever realm. */
function isBuffer(value: unknown): value is ArrayBuffer {
  try {
    return typeof byteLength.call(value) === "number";
  } catch {
    return false;
  }
}

/** True for a `URL`, or an object that is read like one. */
export function isUrl(value: unknown): value is UrlLike {
  return isRecord(value) && typeof value.href === "string" && String(value) === value.href;
}

/** True for a `Blob`, or an object that is read like one. */
export function isBlob(value: unknown): value is BlobLike {
  return isRecord(value) && typeof value.arrayBuffer === "function" && typeof value.size === "number";
}

/** True for an image as a file. */
export function isImageSource(value: unknown): value is ImageSource {
  if (typeof value === "string" || isBuffer(value)) return true;
  return isBytes(value) ? value[Symbol.toStringTag] === "Uint8Array" : isUrl(value) || isBlob(value);
}

/** Bytes that are in memory already; undefined for all else. */
export function bytesInMemory(source: ImageSource): Uint8Array | undefined {
  // Detached ones are empty, and a copy or a view of them would throw.
  if (isBytes(source)) return source.length === 0 ? new Uint8Array(0) : (source as Uint8Array);
  if (!isBuffer(source)) return undefined;
  return source.byteLength === 0 ? new Uint8Array(0) : new Uint8Array(source);
}

/** Longest name in messages: an address of a usual length. */
const MAX_NAME = 120;

/** The source in messages. An image in a text, or a text that is too long, is not printed whole. */
export function sourceName(source: ImageSource): string {
  if (typeof source !== "string" && !isUrl(source)) return isBlob(source) ? "the Blob" : "the bytes";
  const text = String(source);
  if (isDataUrl(text)) {
    const type = /^data:([\w/.+-]{0,40})[;,]/i.exec(text)?.[1] || "no type";
    return `the data: URL (${type}, ${text.length} characters)`;
  }
  return text.length > MAX_NAME ? `${text.slice(0, MAX_NAME)}… (${text.length} characters)` : text;
}

/** The refusal of an operation, as `refusalFor` makes it. */
type Refuse = (expected: string, got: string, cause?: unknown) => Error;

/** Refuses a file that is too long. @throws what `refuse` makes. */
export function assertImageLength(name: string, length: number, refuse: Refuse): void {
  if (length <= MAX_IMAGE_BYTES) return;
  throw refuse(`at most ${MAX_IMAGE_BYTES / 2 ** 20} MiB in ${name}`, `${Math.ceil(length / 2 ** 20)} MiB`);
}

/** Refuses an image that is too large or too long. @param got its sizes, after its name where it has one. @throws what `refuse` makes. */
export function assertImageSizes(width: number, height: number, refuse: Refuse, got = `${width} x ${height}`): void {
  if (width * height > MAX_IMAGE_PIXELS) throw refuse("at most 100 million pixels", got);
  if (Math.max(width, height) > MAX_IMAGE_SIDE) throw refuse(`at most ${MAX_IMAGE_SIDE} pixels a side`, got);
}

/** The body of a `Response`, as far as it is read: not every browser iterates one. */
export interface BodyLike {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(): Promise<void>;
  };
}

/**
 * The parts of a download, counted as they come.
 *
 * @throws what `refuse` makes, for one that ends early, and at once for one that gets too long.
 */
export async function bodyParts(body: BodyLike, name: string, refuse: Refuse): Promise<Uint8Array[]> {
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  const next = () =>
    reader.read().catch((cause: unknown) => {
      const then = messageOf(cause).slice(0, MAX_NAME);
      throw refuse(`the whole image at ${name}`, `${length} bytes, then ${then}`, cause);
    });
  try {
    for (let part = await next(); part.value !== undefined; part = await next()) {
      length += part.value.length;
      assertImageLength(name, length, refuse);
      parts.push(part.value);
    }
    return parts;
  } finally {
    // Ends the download where it is not read to its end; of a failed one there is nothing left to say.
    reader.cancel().catch(() => {});
  }
}

/** True for an address that holds its file itself. */
export function isDataUrl(address: string): boolean {
  return /^data:/i.test(address);
}

/**
 * The bytes in a data: URL, by the rules of the Fetch standard.
 *
 * @throws what `refuse` makes, for one that is broken or too long; the message has the start of it only.
 */
export function dataUrlBytes(address: string, refuse: Refuse): Uint8Array {
  const name = sourceName(address);
  // Base64 takes 4 characters for 3 bytes.
  if (address.length > 1.5 * MAX_IMAGE_BYTES) throw refuse(`at most ${MAX_IMAGE_BYTES / 2 ** 20} MiB`, name);
  const hash = address.indexOf("#");
  const whole = hash === -1 ? address : address.slice(0, hash);
  const comma = whole.indexOf(",");
  if (comma === -1) throw refuse("a data: URL with a comma before its data", name);
  const body = percentDecoded(whole.slice(comma + 1));
  if (!/; *base64 *$/i.test(whole.slice(0, comma))) {
    if (/[^\0-\xff]/.test(body)) throw refuse("a data: URL in base64", `${name} with characters beyond ASCII`);
    return Uint8Array.from(body, (character) => character.charCodeAt(0));
  }
  const bytes = base64Bytes(body.replace(/[\t\n\f\r ]+/g, ""));
  if (bytes === undefined) throw refuse("a data: URL with whole base64", name);
  return bytes;
}

/** A text with the characters of its `%41`. */
function percentDecoded(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** The value of each character, by its code; 64 for no letter. */
const VALUES = Uint8Array.from({ length: 128 }, (_, code) => {
  const at = LETTERS.indexOf(String.fromCharCode(code));
  return at === -1 ? 64 : at;
});

/** The bytes of a text in base64, whose padding may be missing; undefined for one that is broken. */
function base64Bytes(text: string): Uint8Array | undefined {
  const end = text.length % 4 === 0 ? text.replace(/={1,2}$/, "").length : text.length;
  if (end % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((end * 3) / 4));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < end; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? 64;
    if (value === 64) return undefined;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >> bits;
    }
  }
  return bytes;
}
