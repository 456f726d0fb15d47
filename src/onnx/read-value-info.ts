/** @file Names with declared types, read from memory. */
import type { FieldReader } from "./fields.js";
import type { ValueInfo } from "./model.js";
import { DIMENSION, SHAPE, TENSOR_TYPE, TYPE, VALUE_INFO } from "./schema.js";

type TensorType = { -readonly [K in "dataType" | "shape"]?: ValueInfo[K] };

/** The name and type in the field that `part` came to. */
export function readValueInfo(part: FieldReader): ValueInfo {
  const bytes = part.whole();
  let name = "";
  const type: TensorType = {};
  const outer = part.enter();
  while (part.next()) {
    if (part.number === VALUE_INFO.name) name = part.text();
    else if (part.number === VALUE_INFO.type) readType(part, type);
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
