/** @file Safetensors files, read. */
import { optionsOf, refusalFor, shape } from "../../core/index.js";
import { type ArrayClass, arrayClass, type Tensor } from "./dtypes.js";
import { type HeaderEntry, parseHeader } from "./header.js";

/** Content of a safetensors file. Maps, so that no name can collide with a property of objects. */
export interface Safetensors {
  /** Tensors by name. */
  readonly tensors: ReadonlyMap<string, Tensor>;
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
  const texts = { file: shape.optional(shape.text), operation: shape.optional(shape.text) };
  const { file = "the given bytes", operation = "parseSafetensors" } = optionsOf("parseSafetensors", options, texts);
  if (!(bytes instanceof Uint8Array)) throw refusalFor(operation)("bytes as Uint8Array", bytes);
  const { entries, metadata, dataStart } = parseHeader(bytes, { operation, file });
  const tensors = new Map(entries.map((entry) => [entry.name, tensorAt(bytes, dataStart, entry)]));
  return { tensors, metadata };
}

function tensorAt(bytes: Uint8Array, dataStart: number, { dtype, shape: axes, begin, end }: HeaderEntry): Tensor {
  const raw = bytes.subarray(dataStart + begin, dataStart + end);
  const ArrayType = arrayClass(dtype) as ArrayClass;
  const width = ArrayType.BYTES_PER_ELEMENT;
  const aligned = raw.byteOffset % width === 0 ? raw : new Uint8Array(raw);
  const data = new ArrayType(aligned.buffer, aligned.byteOffset, raw.length / width);
  return { dtype, shape: axes, data } as Tensor;
}
