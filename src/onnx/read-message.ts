/** @file Messages of onnx.proto that lie in memory: nodes, attributes, declared types. */
import { OnnxFormatError } from "./errors.js";
import type { OnnxAttribute, OnnxNode, OnnxTensor, TensorData, ValueInfo } from "./model.js";
import { ATTRIBUTE, DIMENSION, ENTRY, GRAPH, NODE, SHAPE, TENSOR, TENSOR_TYPE, TYPE, VALUE_INFO } from "./schema.js";
import type { Piece } from "./source.js";
import { type Field, fields, toInt64, toMessage, toNumber, toNumbers, toText } from "./wire.js";

/** Many nodes have none, and an empty map of each would outweigh the node's bytes. */
const NO_ATTRIBUTES: ReadonlyMap<string, OnnxAttribute> = new Map();

/** Graphs within graphs: more than this is no model. */
const MAX_DEPTH = 16;

export function readNode(bytes: Uint8Array, depth = 0): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, OnnxAttribute>();
  const text = { name: "", opType: "", domain: "" };
  for (const part of fields(bytes)) {
    if (part.number === NODE.input) inputs.push(toText(part));
    else if (part.number === NODE.output) outputs.push(toText(part));
    else if (part.number === NODE.name) text.name = toText(part);
    else if (part.number === NODE.opType) text.opType = toText(part);
    else if (part.number === NODE.domain) text.domain = toText(part);
    else if (part.number === NODE.attribute) {
      const { name, value } = readAttribute(toMessage(part), depth);
      attributes.set(name, value);
    }
  }
  if (text.opType === "") {
    throw new OnnxFormatError({ operation: "openOnnx", expected: "an operator in every node", got: "a node without" });
  }
  // "ai.onnx" is the long name of the domain that "" stands for.
  const domain = text.domain === "ai.onnx" ? "" : text.domain;
  // Copies, as a list that was pushed to holds room for sixteen more.
  const lists = { inputs: inputs.slice(), outputs: outputs.slice() };
  return { ...text, domain, ...lists, attributes: attributes.size > 0 ? attributes : NO_ATTRIBUTES, bytes };
}

function readAttribute(bytes: Uint8Array, depth: number): { name: string; value: OnnxAttribute } {
  let name = "";
  const value: { -readonly [K in keyof OnnxAttribute]: OnnxAttribute[K] } = { type: 0 };
  const captured: string[] = [];
  const ints: bigint[] = [];
  for (const part of fields(bytes)) {
    if (part.number === ATTRIBUTE.name) name = toText(part);
    else if (part.number === ATTRIBUTE.type) value.type = toNumber(part);
    else if (part.number === ATTRIBUTE.float) value.float = toFloat(part);
    else if (part.number === ATTRIBUTE.int) value.int = toInt64(part.bytes);
    else if (part.number === ATTRIBUTE.text) value.text = toText(part);
    else if (part.number === ATTRIBUTE.ints) for (const each of toNumbers(part)) ints.push(each);
    else if (part.number === ATTRIBUTE.tensor) value.tensor = readTensor(toMessage(part), []);
    else if (part.number === ATTRIBUTE.graph || part.number === ATTRIBUTE.graphs) {
      for (const each of capturedNames(toMessage(part), depth + 1)) captured.push(each);
    }
  }
  if (captured.length > 0) value.captured = captured;
  if (ints.length > 0) value.ints = ints;
  return { name, value };
}

function toFloat({ bytes, wire, number }: Field): number {
  if (bytes.length !== 4 || wire !== 5) {
    throw new OnnxFormatError({
      operation: "openOnnx",
      expected: `a float in field ${number}`,
      got: `wire type ${wire}`,
    });
  }
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
}

/** Names that a subgraph uses and does not make itself. */
function capturedNames(graph: Uint8Array, depth: number): string[] {
  if (depth > MAX_DEPTH) {
    throw new OnnxFormatError({
      operation: "openOnnx",
      expected: `at most ${MAX_DEPTH} graphs in each other`,
      got: "more",
    });
  }
  const used = new Set<string>();
  const made = new Set<string>();
  for (const part of fields(graph)) {
    if (part.number === GRAPH.node) {
      const node = readNode(toMessage(part), depth);
      for (const name of consumed(node)) used.add(name);
      for (const name of node.outputs) made.add(name);
    } else if (part.number === GRAPH.input) made.add(readValueInfo(toMessage(part)).name);
    else if (part.number === GRAPH.output) used.add(readValueInfo(toMessage(part)).name);
    else if (part.number === GRAPH.initializer) made.add(readTensor(toMessage(part), []).name);
  }
  return [...used].filter((name) => !made.has(name));
}

/** All names that a node takes: its inputs, and what its subgraphs take from outside. */
export function consumed({ inputs, attributes }: OnnxNode): string[] {
  const names = inputs.filter((name) => name !== "");
  for (const { captured } of attributes.values()) for (const name of captured ?? []) names.push(name);
  return names;
}

/** A tensor that lies in memory. `pieces` is how a copy of it is written. */
export function readTensor(bytes: Uint8Array, pieces: readonly Piece[]): OnnxTensor {
  const parts: TensorParts = newTensorParts();
  for (const part of fields(bytes)) addTensorField(parts, part);
  return finishTensor(parts, pieces);
}

/** What is known of a tensor while its fields are read. */
export interface TensorParts {
  name: string;
  dims: number[];
  dataType: number;
  raw?: Piece;
  typed: Map<number, Piece[]>;
  external: Map<string, string>;
  isExternal: boolean;
}

export function newTensorParts(): TensorParts {
  return { name: "", dims: [], dataType: 0, typed: new Map(), external: new Map(), isExternal: false };
}

/** Fields of a tensor that hold its values. */
export const VALUE_FIELDS: readonly number[] = [
  TENSOR.floatData,
  TENSOR.int32Data,
  TENSOR.stringData,
  TENSOR.int64Data,
  TENSOR.doubleData,
  TENSOR.uint64Data,
];

export function addTensorField(parts: TensorParts, part: Field): void {
  if (part.number === TENSOR.dims) for (const length of toNumbers(part)) parts.dims.push(Number(length));
  else if (part.number === TENSOR.dataType) parts.dataType = toNumber(part);
  else if (part.number === TENSOR.name) parts.name = toText(part);
  else if (part.number === TENSOR.rawData) parts.raw = toMessage(part);
  else if (part.number === TENSOR.dataLocation) parts.isExternal = toNumber(part) === 1;
  else if (part.number === TENSOR.externalData) {
    const entry = readEntry(toMessage(part));
    parts.external.set(entry.key, entry.value);
  } else if (VALUE_FIELDS.includes(part.number)) {
    addValues(parts, part.number, part.bytes);
  }
}

/** One more piece of a tensor's values in a field of its own type, which may come in many. */
export function addValues({ typed }: TensorParts, field: number, piece: Piece): void {
  const pieces = typed.get(field);
  if (pieces === undefined) typed.set(field, [piece]);
  else pieces.push(piece);
}

function readEntry(bytes: Uint8Array): { key: string; value: string } {
  const entry = { key: "", value: "" };
  for (const part of fields(bytes)) {
    if (part.number === ENTRY.key) entry.key = toText(part);
    else if (part.number === ENTRY.value) entry.value = toText(part);
  }
  return entry;
}

export function finishTensor(parts: TensorParts, pieces: readonly Piece[]): OnnxTensor {
  const { name, dims, dataType } = parts;
  if (dims.some((length) => length < 0 || !Number.isSafeInteger(length))) {
    throw new OnnxFormatError({
      operation: "openOnnx",
      expected: `lengths from 0 in tensor ${name}`,
      got: dims.join(" x "),
    });
  }
  return { name, dims: dims.slice(), dataType, data: tensorData(parts), pieces };
}

function tensorData({ name, raw, typed, external, isExternal }: TensorParts): TensorData {
  if (isExternal) {
    const location = external.get("location");
    const offset = Number(external.get("offset") ?? 0);
    const length = external.has("length") ? Number(external.get("length")) : undefined;
    if (!location || !isPlace(offset) || (length !== undefined && !isPlace(length))) {
      throw new OnnxFormatError({
        operation: "openOnnx",
        expected: `a location, and an offset and length from 0, of the external data of tensor ${name}`,
        got: JSON.stringify(Object.fromEntries(external)).slice(0, 200),
      });
    }
    assertInside(name, location);
    return { kind: "external", location, offset, length };
  }
  if (raw !== undefined) return { kind: "raw", piece: raw };
  const [first] = typed;
  return first === undefined ? { kind: "none" } : { kind: "typed", field: first[0], pieces: first[1] };
}

/** External data lies in the model's folder or below: no absolute path, no step up. Links are the business of who opens files. */
function assertInside(name: string, location: string): void {
  const steps = location.split(/[\\/]/);
  if (/^([\\/]|[A-Za-z]:)/.test(location) || steps.includes("..") || location.includes("\0")) {
    throw new OnnxFormatError({
      operation: "openOnnx",
      expected: `external data of tensor ${name} within the model's folder`,
      got: JSON.stringify(location.slice(0, 200)),
    });
  }
}

function isPlace(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

export function readValueInfo(bytes: Uint8Array): ValueInfo {
  let name = "";
  let type: Pick<ValueInfo, "dataType" | "shape"> = {};
  for (const part of fields(bytes)) {
    if (part.number === VALUE_INFO.name) name = toText(part);
    else if (part.number === VALUE_INFO.type) type = readType(toMessage(part));
  }
  return { name, ...type, bytes };
}

function readType(bytes: Uint8Array): Pick<ValueInfo, "dataType" | "shape"> {
  const out: { dataType?: number; shape?: (number | string | undefined)[] } = {};
  for (const type of fields(bytes)) {
    if (type.number !== TYPE.tensor) continue;
    for (const part of fields(toMessage(type))) {
      if (part.number === TENSOR_TYPE.elementType) out.dataType = toNumber(part);
      else if (part.number === TENSOR_TYPE.shape) {
        out.shape = Array.from(fields(toMessage(part)))
          .filter(({ number }) => number === SHAPE.dimension)
          .map((dimension) => readDimension(toMessage(dimension)));
      }
    }
  }
  return out;
}

function readDimension(bytes: Uint8Array): number | string | undefined {
  for (const part of fields(bytes)) {
    if (part.number === DIMENSION.value) return toNumber(part);
    if (part.number === DIMENSION.parameter) return toText(part);
  }
  return undefined;
}
