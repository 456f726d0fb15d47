/**
 * @file The header of a safetensors file: 8 bytes of length (little-endian), then JSON that gives each tensor's data type,
 * shape and place in the data section. Nothing it claims is believed: every number is checked against the bytes that are
 * there, and nothing is allocated by it.
 */
import { FormatError, shape as shapes } from "../../core/index.js";
import { arrayClass, DTYPE_NAMES, type Dtype, elementCount, SIZES } from "./dtypes.js";
import { duplicateKey } from "./duplicate-key.js";

/**
 * Longest header that is read or written. A token table needs some kilobytes, a checkpoint of `MAX_TENSORS` tensors 4 MiB;
 * a hostile one takes 40 times its size in memory once parsed, so the reference's limit of 100 MB would be too much.
 */
export const MAX_HEADER_BYTES = 4 * 2 ** 20;

/** Most tensors that are read or written: a token table has a dozen, a whole checkpoint file some thousands. */
export const MAX_TENSORS = 32_768;

/** Name in the header that is no tensor: free text, strings only. */
export const METADATA_KEY = "__metadata__";

/** What errors name: the operation as the caller knows it, and the file. */
export interface Origin {
  readonly operation: string;
  readonly file: string;
}

/** A checked entry: `end - begin` is the size that data type and shape give. Offsets count from the data section. */
export interface HeaderEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads and checks the header of a whole file.
 *
 * @returns tensors, metadata, and the position in the file where the data section starts.
 * @throws FormatError naming file, tensor, what was expected and what came.
 */
export function parseHeader(bytes: Uint8Array, origin: Origin) {
  const length = headerLength(bytes, origin);
  const json = headerJson(bytes.subarray(8, 8 + length), origin);
  const named = Object.entries(json).filter(([name]) => name !== METADATA_KEY);
  if (named.length > MAX_TENSORS) refuse(origin, `at most ${MAX_TENSORS} tensors`, String(named.length));
  const dataStart = 8 + length;
  const entries = named.map(([name, value]) => headerEntry(name, value, origin));
  assertCovered(entries, bytes.length - dataStart, origin);
  return { entries, metadata: metadataMap(json[METADATA_KEY], origin), dataStart };
}

function headerLength(bytes: Uint8Array, origin: Origin): number {
  if (bytes.length < 8) refuse(origin, "at least 8 bytes", String(bytes.length));
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) refuse(origin, `a header of at most ${MAX_HEADER_BYTES} bytes`, String(length));
  const rest = bytes.length - 8;
  if (length > rest) refuse(origin, `a header of ${length} bytes`, `${rest} bytes after its length`);
  return Number(length);
}

function headerJson(bytes: Uint8Array, origin: Origin): Record<string, unknown> {
  if (bytes[0] !== 0x7b) refuse(origin, "a header that starts with {", show(bytes[0]));
  let json: Record<string, unknown>;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (cause) {
    refuse(origin, "a header of UTF-8 JSON", cause instanceof SyntaxError ? "no JSON" : "no UTF-8", cause);
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) refuse(origin, "every key once in the header", `${show(twice)} twice`);
  return json;
}

function headerEntry(name: string, value: unknown, origin: Origin): HeaderEntry {
  const tensor = show(name);
  if (typeof value !== "object" || value === null) refuse(origin, `an object for ${tensor}`, show(value));
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  const array = arrayClass(dtype);
  if (array === undefined) refuse(origin, `dtype of ${tensor} among ${DTYPE_NAMES}`, show(dtype));
  if (!shapes.fits(shape, SIZES)) refuse(origin, `shape of ${tensor} as whole numbers of at least 0`, show(shape));
  if (!shapes.fits(offsets, SIZES) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    refuse(origin, `data_offsets of ${tensor} as [begin, end] with 0 <= begin <= end`, show(offsets));
  }
  const [begin, end] = offsets;
  const size = (elementCount(shape) ?? Number.POSITIVE_INFINITY) * array.BYTES_PER_ELEMENT;
  if (!Number.isSafeInteger(size)) refuse(origin, `shape of ${tensor} with a product below 2^53 bytes`, show(shape));
  if (size !== end - begin) refuse(origin, `${size} bytes of ${tensor} for ${dtype} ${show(shape)}`, `${end - begin}`);
  return { name, dtype: dtype as Dtype, shape, begin, end };
}

/** The tensors lie one behind the other over the whole data section: no overlap, no hole, nothing behind the last. */
function assertCovered(entries: readonly HeaderEntry[], dataBytes: number, origin: Origin): void {
  let next = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== next) {
      const fault = begin < next ? "an overlap" : "a hole";
      refuse(origin, `data of ${show(name)} from byte ${next}, where the one before it ends`, `${begin} (${fault})`);
    }
    if (end > dataBytes) refuse(origin, `data of ${show(name)} within ${dataBytes} bytes of data`, `its end at ${end}`);
    next = end;
  }
  if (next !== dataBytes) refuse(origin, `${next} bytes of data, as its header says`, String(dataBytes));
}

function metadataMap(value: unknown, origin: Origin): Map<string, string> {
  if (value === undefined) return new Map();
  if (!shapes.isRecord(value)) refuse(origin, `${METADATA_KEY} as an object of strings`, show(value));
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") refuse(origin, `${METADATA_KEY} ${show(key)} as a string`, show(text));
  }
  return new Map(Object.entries(value as Record<string, string>));
}

/** A value of a hostile header in few characters, control characters escaped. */
function show(value: unknown): string {
  return value === undefined ? "nothing" : shapes.brief(value);
}

function refuse({ operation, file }: Origin, expected: string, got: string, cause?: unknown): never {
  throw new FormatError({ operation, expected: `${expected} in ${file}`, got, cause });
}
