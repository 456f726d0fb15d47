/** @file Safetensors files: limits, data types, and the typed arrays that hold their raw little-endian values. */
import { shape } from "../../core/index.js";

/**
 * Longest header that is read or written. A token table needs some kilobytes, a checkpoint of `MAX_TENSORS` tensors 4 MiB;
 * a hostile one takes 40 times its size in memory once parsed, so the reference's limit of 100 MB would be too much.
 */
export const MAX_HEADER_BYTES = 4 * 2 ** 20;

/** Most tensors that are read or written: a token table has a dozen, a whole checkpoint file some thousands. */
export const MAX_TENSORS = 32_768;

/** Name in the header that is no tensor: free text, strings only. */
export const METADATA_KEY = "__metadata__";

const ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  F8_E4M3: Uint8Array,
  F8_E5M2: Uint8Array,
  F8_E8M0: Uint8Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
};

/**
 * Array of each data type. Types that JavaScript cannot compute with stay raw bits: F16 and BF16 in a `Uint16Array`, the
 * F8 types and BOOL in a `Uint8Array`.
 */
export type TensorArrays = { [D in keyof typeof ARRAYS]: (typeof ARRAYS)[D]["prototype"] };

/** Names of the types that are read. */
export type Dtype = keyof TensorArrays;

/** A named array with a shape. `data` is row-major and has as many values as the product of `shape` (1 for a scalar). */
export type Tensor = {
  [D in Dtype]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: TensorArrays[D] };
}[Dtype];

/** The names of all data types, for messages. */
export const DTYPE_NAMES = Object.keys(ARRAYS).join(", ");

/** What a typed array class does here: its instances share raw bytes. */
export interface ArrayClass {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TensorArrays[Dtype];
}

/** The class for a data type's values; undefined for what is no data type, a name of `Object.prototype` included. */
export function arrayClass(dtype: unknown): ArrayClass | undefined {
  return typeof dtype === "string" && Object.hasOwn(ARRAYS, dtype) ? ARRAYS[dtype as Dtype] : undefined;
}

/** Product of a shape; undefined where it leaves the safe integers, even if a later axis is 0 (as the format's reference). */
export function elementCount(shape: readonly number[]): number | undefined {
  let product = 1;
  for (const size of shape) {
    product *= size;
    if (!Number.isSafeInteger(product)) return undefined;
  }
  return product;
}

/** Shapes and offsets. */
export const SIZES = shape.list(shape.count);
