/** @file Safetensors files, written. */
import { optionsOf, refusalFor, shape as shapes } from "../../core/index.js";
import {
  arrayClass,
  DTYPE_NAMES,
  elementCount,
  MAX_HEADER_BYTES,
  MAX_TENSORS,
  METADATA_KEY,
  SIZES,
  type Tensor,
} from "./format.js";

const refuse = refusalFor("encodeSafetensors");

const MAP = shapes.instance<ReadonlyMap<string, unknown>>(Map);

/** Options of `encodeSafetensors`. */
export interface EncodeSafetensorsOptions {
  /** Free text for the header. */
  readonly metadata?: ReadonlyMap<string, string>;
}

/**
 * The bytes of a safetensors file. The same tensors give the same bytes, in whatever order they come: the header lists
 * them by name, padded with spaces to a multiple of 8; the data lies by descending element width, then name, so that
 * every tensor is aligned.
 *
 * @throws InvalidInputError for data that does not fit data type or shape, a name that the format cannot hold, a header
 *   beyond `MAX_HEADER_BYTES` or more than `MAX_TENSORS` tensors.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  options: EncodeSafetensorsOptions = {},
): Uint8Array {
  const { metadata = new Map() } = optionsOf("encodeSafetensors", options, { metadata: shapes.optional(MAP) });
  shapes.shaped({ tensors }, shapes.object({ tensors: MAP }), refuse);
  const byName = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  if (byName.length > MAX_TENSORS) throw refuse(`at most ${MAX_TENSORS} tensors`, String(byName.length));
  for (const [name, tensor] of byName) assertTensor(name, tensor);

  const begins = new Map<string, number>();
  let dataBytes = 0;
  const byWidth = byName.toSorted(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  for (const [name, { data }] of byWidth) {
    begins.set(name, dataBytes);
    dataBytes += data.byteLength;
  }

  const fields = byName.map(([name, { dtype, shape, data }]) => {
    const begin = begins.get(name) as number;
    return field(name, JSON.stringify({ dtype, shape, data_offsets: [begin, begin + data.byteLength] }));
  });
  if (metadata.size > 0) fields.unshift(metadataField(metadata));
  const header = new TextEncoder().encode(`{${fields.join(",")}}`);
  const headerBytes = Math.ceil(header.length / 8) * 8;
  if (headerBytes > MAX_HEADER_BYTES)
    throw refuse(`a header of at most ${MAX_HEADER_BYTES} bytes`, String(headerBytes));

  const out = new Uint8Array(8 + headerBytes + dataBytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(headerBytes), true);
  out.set(header, 8);
  out.fill(0x20, 8 + header.length, 8 + headerBytes);
  for (const [name, { data }] of byName) {
    const place = 8 + headerBytes + (begins.get(name) as number);
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), place);
  }
  return out;
}

function metadataField(metadata: ReadonlyMap<string, string>): string {
  const fields = [...metadata]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, text]) => {
      if (typeof text !== "string") throw refuse(`metadata ${JSON.stringify(key)} as a string`, typeof text);
      assertText(key);
      assertText(text);
      return field(key, JSON.stringify(text));
    });
  return field(METADATA_KEY, `{${fields.join(",")}}`);
}

/** Written by hand: an object would move keys that look like numbers to its front. */
function field(key: string, json: string): string {
  return `${JSON.stringify(key)}:${json}`;
}

function assertTensor(name: string, given: Tensor): void {
  if (typeof name !== "string") throw refuse("names of tensors as texts", name);
  const tensor = JSON.stringify(name);
  const { dtype, shape, data } = Object(given) as Tensor;
  if (name === METADATA_KEY) throw refuse(`tensor names other than ${METADATA_KEY}`, METADATA_KEY);
  assertText(name);
  const ArrayType = arrayClass(dtype);
  if (ArrayType === undefined) throw refuse(`dtype of ${tensor} among ${DTYPE_NAMES}`, String(dtype));
  if (!(data instanceof ArrayType)) throw refuse(`data of ${tensor} as ${ArrayType.name} for ${dtype}`, typeName(data));
  if (!shapes.fits(shape, SIZES) || elementCount(shape) !== data.length) {
    throw refuse(`shape of ${tensor} with a product of ${data.length} values`, `[${shape}]`);
  }
}

/** The format's strings are UTF-8, which has no half surrogate pairs. */
function assertText(text: string): void {
  if (typeof text !== "string") throw refuse("names of metadata as texts", text);
  if (/\p{Surrogate}/u.test(text))
    throw refuse("names and metadata without half surrogate pairs", JSON.stringify(text));
}

function typeName(value: unknown): string {
  return (value as object | undefined)?.constructor?.name ?? String(value);
}
