/** @file Writes models: what was read goes out as it came in, weights as spans of their source, new nodes encoded. */
import { OnnxInputError } from "./errors.js";
import { FieldReader } from "./fields.js";
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, ValueInfo } from "./model.js";
import { readNode } from "./read-node.js";
import { readTensor } from "./read-tensor.js";
import { readValueInfo } from "./read-value-info.js";
import {
  ATTRIBUTE,
  ATTRIBUTE_TYPE,
  DATA_TYPES,
  type DataTypeName,
  DIMENSION,
  ENTRY,
  GRAPH,
  MODEL,
  NODE,
  OPSET,
  SHAPE,
  TENSOR,
  TENSOR_TYPE,
  TYPE,
  VALUE_INFO,
} from "./schema.js";
import { joinPieces, loadPieces, type Piece, piecesLength } from "./source.js";
import { BYTES, concat, field, header, numberField, varint } from "./wire.js";

/** Length of a protobuf message at most: readers count in 32 bits, with a sign. */
const MAX_MESSAGE = 2 ** 31 - 1;

/**
 * The model as pieces to be written one after another; weights are spans of the source that they were read from.
 *
 * @throws OnnxInputError for a model of 2 GiB or more, which no runtime reads without external data.
 */
export function modelPieces(model: OnnxModel): Piece[] {
  const graph = graphPieces(model.graph);
  const others = model.fields.map(({ piece }) => piece);
  const pieces = joinPieces([...others, header(MODEL.graph, piecesLength(graph)), ...graph]);
  const length = piecesLength(pieces);
  if (length > MAX_MESSAGE) {
    const expected = `a model below 2 GiB in one file (protobuf's limit)`;
    throw new OnnxInputError({ operation: "modelPieces", expected, got: `${(length / 2 ** 30).toFixed(2)} GiB` });
  }
  return pieces;
}

/** The model as bytes. */
export async function modelBytes(model: OnnxModel): Promise<Uint8Array> {
  return loadPieces(modelPieces(model));
}

function graphPieces({ nodes, initializers, inputs, outputs, valueInfo, fields }: OnnxGraph): Piece[] {
  return [
    ...nodes.map(({ bytes }) => bytes),
    ...fields.map(({ piece }) => piece),
    ...initializers.flatMap(({ pieces }) => pieces),
    ...inputs.map(({ bytes }) => asField(GRAPH.input, bytes)),
    ...outputs.map(({ bytes }) => asField(GRAPH.output, bytes)),
    ...valueInfo.map(({ bytes }) => asField(GRAPH.valueInfo, bytes)),
  ];
}

/** A message with its tag, which another takes the place of where it goes into another list than it came from. */
function asField(number: number, bytes: Uint8Array): Uint8Array {
  return bytes[0] === number * 8 + BYTES ? bytes : field(number, firstField(bytes).content());
}

function firstField(bytes: Uint8Array): FieldReader {
  const reader = new FieldReader().open(bytes);
  reader.next();
  return reader;
}

/** A value of an attribute of a new node: whole numbers as bigint, real numbers as number. */
export type AttributeValue = bigint | number | string | readonly bigint[];

export interface NewNode {
  readonly opType: string;
  readonly domain?: string;
  readonly name?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** A node that was not read from a file. */
export function makeNode({ opType, domain = "", name = "", inputs, outputs, attributes = {} }: NewNode): OnnxNode {
  const parts = [
    ...inputs.map((input) => field(NODE.input, input)),
    ...outputs.map((output) => field(NODE.output, output)),
    ...(name === "" ? [] : [field(NODE.name, name)]),
    field(NODE.opType, opType),
    ...Object.entries(attributes).map(([key, value]) => field(NODE.attribute, makeAttribute(key, value))),
    ...(domain === "" ? [] : [field(NODE.domain, domain)]),
  ];
  return nodeOf(parts);
}

function makeAttribute(name: string, value: AttributeValue): Uint8Array {
  const named = field(ATTRIBUTE.name, name);
  const typed = (type: number) => numberField(ATTRIBUTE.type, type);
  if (typeof value === "bigint") return concat([named, numberField(ATTRIBUTE.int, value), typed(ATTRIBUTE_TYPE.int)]);
  if (typeof value === "string") return concat([named, field(ATTRIBUTE.text, value), typed(ATTRIBUTE_TYPE.text)]);
  if (typeof value === "number") {
    const bytes = new Uint8Array(new Float32Array([value]).buffer);
    return concat([named, varint(ATTRIBUTE.float * 8 + 5), bytes, typed(ATTRIBUTE_TYPE.float)]);
  }
  return concat([named, ...value.map((each) => numberField(ATTRIBUTE.ints, each)), typed(ATTRIBUTE_TYPE.ints)]);
}

/** The same node with other tensor names, and `prefix` before its own; subgraphs are left as they are. */
export function renameNode(node: OnnxNode, rename: (name: string) => string, prefix: string): OnnxNode {
  const { inputs, outputs, name } = node;
  return withNames(node, inputs.map(optional(rename)), outputs.map(optional(rename)), name === "" ? "" : prefix + name);
}

/** The same node with other names for what it makes. */
export function renameOutputs(node: OnnxNode, rename: (name: string) => string): OnnxNode {
  return withNames(node, node.inputs, node.outputs.map(optional(rename)), node.name);
}

/** A tensor that is left out stays so. */
function optional(rename: (name: string) => string): (name: string) => string {
  return (name) => (name === "" ? "" : rename(name));
}

function withNames(node: OnnxNode, inputs: readonly string[], outputs: readonly string[], name: string): OnnxNode {
  return nodeOf([
    ...inputs.map((input) => field(NODE.input, input)),
    ...outputs.map((output) => field(NODE.output, output)),
    ...(name === "" ? [] : [field(NODE.name, name)]),
    ...restOf(node),
  ]);
}

function nodeOf(parts: readonly Uint8Array[]): OnnxNode {
  return readNode(firstField(field(GRAPH.node, parts)), new Map());
}

const NAMES: readonly number[] = [NODE.input, NODE.output, NODE.name];

/** Every field of a node but its names, with tags, as they were written. */
function restOf({ bytes }: OnnxNode): Uint8Array[] {
  const rest: Uint8Array[] = [];
  const part = firstField(bytes);
  part.enter();
  while (part.next()) if (!NAMES.includes(part.number)) rest.push(part.whole());
  return rest;
}

/** A tensor that was not read from a file. Values are little-endian elements. */
export function makeTensor(
  name: string,
  dataType: DataTypeName,
  dims: readonly number[],
  values: Uint8Array,
): OnnxTensor {
  return tensorOf([...tensorHeader(name, DATA_TYPES[dataType].id, dims), field(TENSOR.rawData, values)]);
}

/** The same tensor with its values at a place in another file. */
export function externalTensor(
  { name, dataType, dims }: OnnxTensor,
  location: string,
  offset: number,
  length?: number,
): OnnxTensor {
  const entries = Object.entries({
    location,
    offset: String(offset),
    ...(length !== undefined && { length: String(length) }),
  });
  return tensorOf([
    ...tensorHeader(name, dataType, dims),
    ...entries.map(([key, value]) => field(TENSOR.externalData, [field(ENTRY.key, key), field(ENTRY.value, value)])),
    numberField(TENSOR.dataLocation, 1),
  ]);
}

function tensorOf(parts: readonly Uint8Array[]): OnnxTensor {
  const bytes = field(GRAPH.initializer, parts);
  return readTensor(firstField(bytes), [bytes]);
}

/** The same tensor with its values in the file, as raw data; a span of a source stays there until it is written. */
export function rawTensor({ name, dataType, dims }: OnnxTensor, piece: Piece): OnnxTensor {
  const content: Piece[] = [...tensorHeader(name, dataType, dims), header(TENSOR.rawData, piece.length), piece];
  const pieces = [header(GRAPH.initializer, piecesLength(content)), ...content];
  return { name, dataType, dims, data: { kind: "raw", piece }, pieces };
}

/**
 * The same tensor under another name. Values that lie in a source stay there: the new field's header goes before a span of them.
 */
export function renameTensor(tensor: OnnxTensor, name: string): OnnxTensor {
  const { dataType, dims, data } = tensor;
  if (data.kind === "external") {
    const { location, offset, length } = data;
    return externalTensor({ ...tensor, name }, location, offset, length);
  }
  if (data.kind === "raw") return rawTensor({ ...tensor, name }, data.piece);
  const content: Piece[] = [...tensorHeader(name, dataType, dims), ...(data.kind === "typed" ? data.pieces : [])];
  return { ...tensor, name, pieces: [header(GRAPH.initializer, piecesLength(content)), ...content] };
}

function tensorHeader(name: string, dataType: number, dims: readonly number[]): Uint8Array[] {
  return [
    ...dims.map((length) => numberField(TENSOR.dims, length)),
    numberField(TENSOR.dataType, dataType),
    field(TENSOR.name, name),
  ];
}

/** A declared type. Without a shape: of any rank; undefined lengths: not said. */
export function makeValueInfo(
  name: string,
  dataType?: number,
  shape?: readonly (number | string | undefined)[],
): ValueInfo {
  const dimensions = shape?.map((length) => {
    if (length === undefined) return field(SHAPE.dimension, new Uint8Array(0));
    const value =
      typeof length === "number" ? numberField(DIMENSION.value, length) : field(DIMENSION.parameter, length);
    return field(SHAPE.dimension, value);
  });
  const tensor = [
    numberField(TENSOR_TYPE.elementType, dataType ?? 0),
    ...(dimensions === undefined ? [] : [field(TENSOR_TYPE.shape, dimensions)]),
  ];
  const type = dataType === undefined ? [] : [field(VALUE_INFO.type, field(TYPE.tensor, tensor))];
  return readValueInfo(firstField(field(GRAPH.valueInfo, [field(VALUE_INFO.name, name), ...type])), new Map());
}

/** The model with an opset import more, if it lacks the domain. */
export function withOpset(model: OnnxModel, domain: string, version: number): OnnxModel {
  if (model.opsets.has(domain)) return model;
  const bytes = [field(OPSET.domain, domain), numberField(OPSET.version, version)];
  return {
    ...model,
    opsets: new Map([...model.opsets, [domain, version]]),
    fields: [...model.fields, { number: MODEL.opsetImport, piece: field(MODEL.opsetImport, bytes) }],
  };
}
