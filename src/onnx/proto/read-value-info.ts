/** @file Names with declared types, read from memory. */
import type { FieldReader } from "./fields.js";
import type { ValueInfo } from "./model.js";
import { DIMENSION, SHAPE, TENSOR_TYPE, TYPE, VALUE_INFO } from "./schema.js";

type TensorType = { -readonly [K in "dataType" | "shape"]?: ValueInfo[K] };

/** Types by their bytes, each distinct one once: most tensors of a graph have one of a few. */
export type TensorTypes = Map<string, Readonly<TensorType>>;

/** Bytes of types that are kept by; longer ones are rarely alike. */
const MAX_KEY = 128;

/** The name and type in the field that `part` came to. `types` is what the tensors of a file share. */
export function readValueInfo(part: FieldReader, types: TensorTypes): ValueInfo {
  const bytes = part.whole();
  let name = "";
  let type: Readonly<TensorType> = {};
  const outer = part.enter();
  while (part.next()) {
    if (part.number === VALUE_INFO.name) name = part.text();
    else if (part.number === VALUE_INFO.type) type = sharedType(part, types);
  }
  part.leave(outer);
  return { name, dataType: type.dataType, shape: type.shape, bytes };
}

/** The name alone. */
export function infoName(part: FieldReader): string {
  let name = "";
  const outer = part.enter();
  while (part.next()) if (part.number === VALUE_INFO.name) name = part.text();
  part.leave(outer);
  return name;
}

function sharedType(part: FieldReader, types: TensorTypes): Readonly<TensorType> {
  const bytes = part.content();
  const key = bytes.length > MAX_KEY ? undefined : String.fromCharCode(...bytes);
  const known = key === undefined ? undefined : types.get(key);
  if (known !== undefined) return known;
  const type: TensorType = {};
  readType(part, type);
  if (key !== undefined) types.set(key, type);
  return type;
}

function readType(part: FieldReader, type: TensorType): void {
  const outer = part.enter();
  while (part.next()) {
    if (part.number !== TYPE.tensor) continue;
    const inner = part.enter();
    while (part.next()) {
      if (part.number === TENSOR_TYPE.elementType) type.dataType = part.unsigned();
      else if (part.number === TENSOR_TYPE.shape) type.shape = readShape(part);
    }
    part.leave(inner);
  }
  part.leave(outer);
}

function readShape(part: FieldReader): (number | string | undefined)[] {
  const shape: (number | string | undefined)[] = [];
  const outer = part.enter();
  while (part.next()) if (part.number === SHAPE.dimension) shape.push(readDimension(part));
  part.leave(outer);
  return shape.slice();
}

function readDimension(part: FieldReader): number | string | undefined {
  let length: number | string | undefined;
  const outer = part.enter();
  while (part.next() && length === undefined) {
    if (part.number === DIMENSION.value) length = lengthOf(part.int64());
    else if (part.number === DIMENSION.parameter) length = part.text();
  }
  part.leave(outer);
  return length;
}

/** Some converters write -1 for a length that is not known. */
function lengthOf(value: bigint): number | undefined {
  return value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value);
}
