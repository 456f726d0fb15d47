/**
 * @file Safetensors files, read: 8 bytes of length (little-endian), then a header of JSON that gives each tensor's data type, shape
 * and place in the data section. Nothing it claims is believed: every number is checked against the bytes that are there, and nothing
 * is allocated by it.
 */
import { FormatError, optionsOf, refusalFor, shape as shapes } from "../../core/index.js";
import { duplicateKey } from "./duplicate-key.js";
import {
  type ArrayClass,
  arrayClass,
  DTYPE_NAMES,
  elementCount,
  MAX_HEADER_BYTES,
  MAX_TENSORS,
  METADATA_KEY,
  SIZES,
  type Tensor,
} from "./format.js";

/** Content of a safetensors file. Maps, so that no name can collide with a property of objects. */
export interface Safetensors {
  /** Tensors by name. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Data types of the other tensors by name: types that have no array here (C64, F4 …). Their bytes are not read. */
  readonly unread: ReadonlyMap<string, string>;
  /** The file's free text; empty when it has none. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** Options of `parseSafetensors`. */
export interface ParseSafetensorsOptions {
  /** Name of the file in errors. */
  readonly file?: string;
  /** Name of the operation in errors. */
  readonly operation?: string;
}

/**
 * Reads a whole safetensors file from memory. The file may come from anywhere: sizes, shapes and offsets are checked
 * before they are used, tensors must cover the data section without overlap or hole, and time and memory are bounded by
 * `bytes.length` and `MAX_HEADER_BYTES`. Values are not checked (NaN passes). Fields of an entry beyond the format's
 * three are ignored.
 *
 * `data` of each tensor is a view of `bytes` where its place allows one, a copy otherwise. Little-endian machines only,
 * as typed arrays have the byte order of the machine.
 *
 * @throws InvalidInputError for no bytes; FormatError naming operation, file, tensor, what was expected and what came.
 */
export function parseSafetensors(bytes: Uint8Array, options: ParseSafetensorsOptions = {}): Safetensors {
  const texts = { file: shapes.optional(shapes.text), operation: shapes.optional(shapes.text) };
  const { file = "the given bytes", operation = "parseSafetensors" } = optionsOf("parseSafetensors", options, texts);
  if (!shapes.fits(bytes, shapes.instance(Uint8Array))) throw refusalFor(operation)("bytes as Uint8Array", bytes);
  const refuse: Refuse = (expected, got, cause) => {
    throw new FormatError({ operation, expected: `${expected} in ${file}`, got, cause });
  };
  const dataStart = 8 + headerLength(bytes, refuse);
  const { [METADATA_KEY]: metadata, ...named } = headerJson(bytes.subarray(8, dataStart), refuse);
  const count = Object.keys(named).length;
  if (count > MAX_TENSORS) refuse(`at most ${MAX_TENSORS} tensors`, String(count));
  const entries = Object.entries(named).map(([name, value]) => headerEntry(name, value, refuse));
  const data = bytes.subarray(dataStart);
  assertCovered(entries, data.length, refuse);
  const tensors = new Map<string, Tensor>();
  const unread = new Map<string, string>();
  for (const { name, array, ...entry } of entries) {
    if (array === undefined) unread.set(name, entry.dtype);
    else tensors.set(name, tensorAt(data, entry, array));
  }
  return { tensors, unread, metadata: metadataMap(metadata, refuse) };
}

type Refuse = (expected: string, got: string, cause?: unknown) => never;

/** A checked entry: `end - begin` is the size that data type and shape give. Offsets count from the data section. */
interface Entry extends Pick<Tensor, "shape"> {
  readonly name: string;
  readonly dtype: string;
  readonly begin: number;
  readonly end: number;
  /** Undefined for a type that is not read. */
  readonly array?: ArrayClass;
}

type Place = Pick<Entry, "dtype" | "shape" | "begin" | "end">;

function tensorAt(section: Uint8Array, { dtype, shape, begin, end }: Place, ArrayType: ArrayClass): Tensor {
  const raw = section.subarray(begin, end);
  const width = ArrayType.BYTES_PER_ELEMENT;
  const aligned = raw.byteOffset % width === 0 ? raw : new Uint8Array(raw);
  const data = new ArrayType(aligned.buffer, aligned.byteOffset, raw.length / width);
  return { dtype, shape, data } as Tensor;
}

function headerLength(bytes: Uint8Array, refuse: Refuse): number {
  if (bytes.length < 8) refuse("at least 8 bytes", String(bytes.length));
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) refuse(`a header of at most ${MAX_HEADER_BYTES} bytes`, String(length));
  const rest = bytes.length - 8;
  if (length > rest) refuse(`a header of ${length} bytes`, `${rest} bytes after its length`);
  return Number(length);
}

function headerJson(bytes: Uint8Array, refuse: Refuse): Record<string, unknown> {
  // A byte order mark is no part of JSON; some writers put one before it, and decoding takes it away.
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  if (bytes[start] !== 0x7b) refuse("a header that starts with {", show(bytes[start]));
  let json: Record<string, unknown>;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (cause) {
    refuse("a header of UTF-8 JSON", cause instanceof SyntaxError ? "no JSON" : "no UTF-8", cause);
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) refuse("every key once in the header", `${show(twice)} twice`);
  return json;
}

function headerEntry(name: string, value: unknown, refuse: Refuse): Entry {
  const tensor = show(name);
  if (typeof value !== "object" || value === null) refuse(`an object for ${tensor}`, show(value));
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  const array = arrayClass(dtype);
  if (typeof dtype !== "string") refuse(`dtype of ${tensor} as text, such as ${DTYPE_NAMES}`, show(dtype));
  if (!shapes.fits(shape, SIZES)) refuse(`shape of ${tensor} as whole numbers of at least 0`, show(shape));
  if (!shapes.fits(offsets, SIZES) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    refuse(`data_offsets of ${tensor} as [begin, end] with 0 <= begin <= end`, show(offsets));
  }
  const [begin, end] = offsets;
  // Of a type that is not known only the place is checked.
  if (array === undefined) return { name, dtype, shape, begin, end };
  const size = (elementCount(shape) ?? Number.POSITIVE_INFINITY) * array.BYTES_PER_ELEMENT;
  if (!Number.isSafeInteger(size)) refuse(`shape of ${tensor} with a product below 2^53 bytes`, show(shape));
  if (size !== end - begin) refuse(`${size} bytes of ${tensor} for ${dtype} ${show(shape)}`, `${end - begin}`);
  return { name, dtype, shape, begin, end, array };
}

/** The tensors lie one behind the other over the whole data section: no overlap, no hole, nothing behind the last. */
function assertCovered(entries: readonly Entry[], dataBytes: number, refuse: Refuse): void {
  let next = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== next) {
      const fault = begin < next ? "an overlap" : "a hole";
      refuse(`data of ${show(name)} from byte ${next}, where the one before it ends`, `${begin} (${fault})`);
    }
    if (end > dataBytes) refuse(`data of ${show(name)} within ${dataBytes} bytes of data`, `its end at ${end}`);
    next = end;
  }
  if (next !== dataBytes) refuse(`${next} bytes of data, as its header says`, String(dataBytes));
}

function metadataMap(value: unknown, refuse: Refuse): Map<string, string> {
  // Writers without metadata leave it out or write null.
  if (value === undefined || value === null) return new Map();
  if (!shapes.isRecord(value)) refuse(`${METADATA_KEY} as an object of strings`, show(value));
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") refuse(`${METADATA_KEY} ${show(key)} as a string`, show(text));
  }
  return new Map(Object.entries(value as Record<string, string>));
}

/** A value of a hostile header in few characters, control characters escaped. */
function show(value: unknown): string {
  return value === undefined ? "nothing" : shapes.brief(value);
}
