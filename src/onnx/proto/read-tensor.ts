/** @file Tensors, read from memory or, field by field, from a source. */
import { type FieldReader, malformed } from "./fields.js";
import type { OnnxTensor, TensorData } from "./model.js";
import { ENTRY, TENSOR } from "./schema.js";
import { joinedPiece, type Piece } from "./source.js";

const NO_PIECES: readonly Piece[] = [];

/** The tensor in the field that `part` came to. `pieces` is how a copy of it is written. */
export function readTensor(part: FieldReader, pieces: readonly Piece[] = NO_PIECES): OnnxTensor {
  const parts = newTensorParts();
  const outer = part.enter();
  while (part.next()) {
    if (part.number === TENSOR.rawData) parts.raw = part.content();
    else if (isTypedData(part.number)) addTypedData(parts, part.number, part.whole());
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

/** What is known of a tensor while its fields are read. */
export interface TensorParts {
  name: string;
  readonly dims: bigint[];
  dataType: number;
  raw?: Piece;
  typed?: { readonly field: number; readonly pieces: Piece[] };
  isExternal: boolean;
  location?: string;
  offset?: string;
  length?: string;
}

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

/** Values in a field of their own type, with its tag; such a field may come once for each value, and those that follow each other are one piece. */
export function addTypedData(parts: TensorParts, field: number, whole: Piece): void {
  parts.typed ??= { field, pieces: [] };
  const { pieces } = parts.typed;
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

/** Checks what was found. */
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
  return parts.typed === undefined ? { kind: "none" } : { kind: "typed", ...parts.typed };
}

function externalData(parts: TensorParts): TensorData {
  const { name, location } = parts;
  const offset = Number(parts.offset ?? 0);
  const length = parts.length === undefined ? undefined : Number(parts.length);
  if (!location || !isPlace(offset) || (length !== undefined && !isPlace(length))) {
    const given = JSON.stringify({ location, offset: parts.offset, length: parts.length });
    throw malformed(
      `a location, and an offset and length from 0, of the external data of tensor ${name}`,
      given.slice(0, 200),
    );
  }
  assertInside(name, location);
  return { kind: "external", location, offset, length };
}

/** External data lies in the model's folder or below: no absolute path, no step up. Links are the business of who opens files. */
function assertInside(name: string, location: string): void {
  const steps = location.split(/[\\/]/);
  if (/^([\\/]|[A-Za-z]:)/.test(location) || steps.includes("..") || location.includes("\0")) {
    throw malformed(
      `external data of tensor ${name} within the model's folder`,
      JSON.stringify(location.slice(0, 200)),
    );
  }
}

function isPlace(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
