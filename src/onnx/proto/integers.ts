/** @file Short tensors of whole numbers, such as the lengths that Reshape takes, read as numbers. */
import { FieldReader } from "./fields.js";
import type { OnnxTensor } from "./model.js";
import { DATA_TYPES } from "./schema.js";

/** Elements that are read as numbers at most. */
export const MAX_INTEGERS = 64;

/**
 * The elements of a short tensor of whole numbers (int64 or int32), such as the lengths that Reshape takes; undefined for others, and
 * for values that are not in memory.
 */
export function integersOf({
  dims,
  dataType,
  data,
}: Pick<OnnxTensor, "dims" | "dataType" | "data">): readonly number[] | undefined {
  const count = dims.reduce((product, length) => product * length, 1);
  const isLong = dataType === DATA_TYPES.int64.id;
  if (count > MAX_INTEGERS || !(isLong || dataType === DATA_TYPES.int32.id)) return undefined;
  const values: number[] = [];
  if (data.kind === "raw" && data.piece instanceof Uint8Array) {
    const { buffer, byteOffset, byteLength } = data.piece;
    const view = new DataView(buffer, byteOffset, byteLength);
    const width = isLong ? 8 : 4;
    for (let at = 0; at + width <= byteLength; at += width) {
      values.push(isLong ? Number(view.getBigInt64(at, true)) : view.getInt32(at, true));
    }
  } else if (data.kind === "typed" && data.pieces.every((piece) => piece instanceof Uint8Array)) {
    const numbers: bigint[] = [];
    for (const piece of data.pieces) {
      const part = new FieldReader().open(piece as Uint8Array);
      while (part.next()) part.addIntegers(numbers, MAX_INTEGERS);
    }
    values.push(...numbers.map(Number));
  }
  return values.length === count ? values : undefined;
}
