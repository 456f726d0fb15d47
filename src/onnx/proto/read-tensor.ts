/** @file Tensors and their declared types, read from memory or, field by field, from a source. */
import { type FieldReader, malformed } from "./fields.js";
import type { OnnxTensor, Piece, TensorData, ValueInfo } from "./model.js";
import { DIMENSION, ENTRY, SHAPE, TENSOR, TENSOR_TYPE, TYPE, VALUE_INFO } from "./schema.js";
import { joinedPiece } from "./source.js";

const NO_PIECES: readonly Piece[] = [];

/** The tensor in the field that `part` came to. @param pieces its field, for copies. */
export function readTensor(part: FieldReader, pieces: readonly Piece[] = NO_PIECES): OnnxTensor {
  const parts = newTensorParts();
  const outer = part.enter();
  while (part.next()) {
    if (part.number === TENSOR.rawData) parts.raw = part.content();
    else if (isTypedData(part.number)) addTypedData(parts, part.whole());
    else addTensorField(parts, part);
  }
  part.leave(outer);
  return finishTensor(parts, pieces);
}

/** The name of the sparse tensor in the field that `part` came to: that of its values. */
export function sparseName(part: FieldReader): string {
  let name = "";
  const outer = part.enter();
  while (part.next()) if (part.number === SPARSE_VALUES) name = readTensor(part).name;
  part.leave(outer);
  return name;
}

/** SparseTensorProto.values. */
const SPARSE_VALUES = 1;

/** Axes of a tensor; ONNX Runtime's own kernels take eight. */
const MAX_DIMS = 64;

/** A tensor while its fields are read. */
export interface TensorParts {
  name: string;
  readonly dims: bigint[];
  dataType: number;
  raw?: Piece;
  typed?: Piece[];
  isExternal: boolean;
  location?: string;
  offset?: string;
  length?: string;
}

/** A tensor before its first field. */
export function newTensorParts(): TensorParts {
  return { name: "", dims: [], dataType: 0, isExternal: false };
}

const TYPED_DATA: readonly number[] = [
  TENSOR.floatData,
  TENSOR.int32Data,
  TENSOR.stringData,
  TENSOR.int64Data,
  TENSOR.doubleData,
  TENSOR.uint64Data,
];

/** Whether a field holds values in their own type. */
export function isTypedData(field: number): boolean {
  return TYPED_DATA.includes(field);
}

/** Everything but values. */
export function addTensorField(parts: TensorParts, part: FieldReader): void {
  if (part.number === TENSOR.dims) part.addIntegers(parts.dims, MAX_DIMS);
  else if (part.number === TENSOR.dataType) parts.dataType = part.unsigned();
  else if (part.number === TENSOR.name) parts.name = part.text();
  else if (part.number === TENSOR.dataLocation) parts.isExternal = part.unsigned() === 1;
  else if (part.number === TENSOR.externalData) addEntry(parts, part);
}

/** Values in a field of their own type, with its tag. Such a field may come once for each value; neighbors become one piece. */
export function addTypedData(parts: TensorParts, whole: Piece): void {
  parts.typed ??= [];
  const pieces = parts.typed;
  const joined = joinedPiece(pieces.at(-1), whole);
  if (joined === undefined) pieces.push(whole);
  else pieces[pieces.length - 1] = joined;
}

function addEntry(parts: TensorParts, part: FieldReader): void {
  let key = "";
  let value = "";
  const outer = part.enter();
  while (part.next()) {
    if (part.number === ENTRY.key) key = part.text();
    else if (part.number === ENTRY.value) value = part.text();
  }
  part.leave(outer);
  if (key === "location" || key === "offset" || key === "length") parts[key] = value;
}

/** The tensor of these fields. @throws OnnxFormatError for lengths or external data that do not fit. */
export function finishTensor(parts: TensorParts, pieces: readonly Piece[]): OnnxTensor {
  const { name, dataType } = parts;
  const dims = parts.dims.map(Number);
  if (dims.some((length) => length < 0 || !Number.isSafeInteger(length))) {
    throw malformed(`lengths from 0 in tensor ${name}`, dims.join(" x "));
  }
  return { name, dims, dataType, data: tensorData(parts), pieces };
}

function tensorData(parts: TensorParts): TensorData {
  if (parts.isExternal) return externalData(parts);
  if (parts.raw !== undefined) return { kind: "raw", piece: parts.raw };
  return parts.typed === undefined ? { kind: "none" } : { kind: "typed", pieces: parts.typed };
}

function externalData(parts: TensorParts): TensorData {
  const { name, location } = parts;
  const offset = Number(parts.offset ?? 0);
  const length = parts.length === undefined ? undefined : Number(parts.length);
  if (!location || !isPlace(offset) || (length !== undefined && !isPlace(length))) {
    const given = JSON.stringify({ location, offset: parts.offset, length: parts.length });
    const expected = `a location, and an offset and length from 0, of the external data of tensor ${name}`;
    throw malformed(expected, given.slice(0, 200));
  }
  if (!isInside(location)) {
    throw malformed(
      `external data of tensor ${name} within the model's folder`,
      JSON.stringify(location.slice(0, 200)),
    );
  }
  return { kind: "external", location, offset, length };
}

/** Whether a location lies in the model's folder or below: no absolute path, no step up. Callers that open files check links. */
export function isInside(location: string): boolean {
  return !/^([\\/]|[A-Za-z]:)/.test(location) && !location.split(/[\\/]/).includes("..") && !location.includes("\0");
}

function isPlace(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

type TensorType = { -readonly [K in "dataType" | "shape"]?: ValueInfo[K] };

/** Types by their bytes, each distinct one once: most tensors of a graph have one of a few. */
export type TensorTypes = Map<string, Readonly<TensorType>>;

/** Bytes of a type to be shared at most; longer ones are rarely alike. */
const MAX_KEY = 128;

/** The name and type in the field that `part` came to. @param types shared by the tensors of a file. */
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
