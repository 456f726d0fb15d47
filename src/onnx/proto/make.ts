/** @file Nodes, weights and declared types that were not read from a file, each with its bytes. */
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor, Piece, RawField, ValueInfo } from "./model.js";
import {
  ATTRIBUTE,
  ATTRIBUTE_TYPE,
  DATA_TYPES,
  type DataTypeName,
  DIMENSION,
  GRAPH,
  integersOf,
  MODEL,
  NODE,
  OPSET,
  SHAPE,
  TENSOR,
  TENSOR_TYPE,
  TYPE,
  VALUE_INFO,
} from "./schema.js";
import { FIXED32, field, header, numberField, piecesLength, varint } from "./wire.js";

/** A value of an attribute of a new node: whole numbers as bigint, real numbers as number. */
export type AttributeValue = bigint | number | string | readonly bigint[];

/** A node to be made; "" stands for an input or output that is left out. */
export interface NewNode {
  readonly opType: string;
  /** Default: "", which is ai.onnx. */
  readonly domain?: string;
  readonly name?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** A node that was not read from a file. */
export function makeNode({ opType, domain = "", name = "", inputs, outputs, attributes = {} }: NewNode): OnnxNode {
  const entries = Object.entries(attributes).map(([key, value]) => ({ key, ...attributeOf(value) }));
  const bytes = field(GRAPH.node, [
    ...namesOfNode({ name, inputs, outputs }),
    field(NODE.opType, opType),
    ...entries.map(({ key, content, attribute: { type } }) =>
      field(NODE.attribute, [field(ATTRIBUTE.name, key), ...content, numberField(ATTRIBUTE.type, type)]),
    ),
    ...(domain === "" ? [] : [field(NODE.domain, domain)]),
  ]);
  const values = new Map(entries.map(({ key, attribute }) => [key, attribute]));
  return { name, opType, domain, inputs, outputs, attributes: values, bytes };
}

/** The fields of a node that hold its name and those of its tensors. */
export function namesOfNode({ name, inputs, outputs }: Pick<OnnxNode, "name" | "inputs" | "outputs">): Uint8Array[] {
  return [
    ...inputs.map((input) => field(NODE.input, input)),
    ...outputs.map((output) => field(NODE.output, output)),
    ...(name === "" ? [] : [field(NODE.name, name)]),
  ];
}

/** A value as an attribute, and as the field that holds it. */
function attributeOf(value: AttributeValue): { attribute: OnnxAttribute; content: Uint8Array[] } {
  switch (typeof value) {
    case "bigint":
      return { attribute: { type: ATTRIBUTE_TYPE.int, int: value }, content: [numberField(ATTRIBUTE.int, value)] };
    case "string":
      return { attribute: { type: ATTRIBUTE_TYPE.text, text: value }, content: [field(ATTRIBUTE.text, value)] };
    case "number": {
      // Files have 32 bits.
      const bits = Float32Array.of(value);
      const content = [varint(ATTRIBUTE.float * 8 + FIXED32), new Uint8Array(bits.buffer)];
      return { attribute: { type: ATTRIBUTE_TYPE.float, float: bits[0] }, content };
    }
    default: {
      const content = value.map((each) => numberField(ATTRIBUTE.ints, each));
      return { attribute: { type: ATTRIBUTE_TYPE.ints, ints: value }, content };
    }
  }
}

/** A tensor that was not read from a file. @param values little-endian elements. */
export function makeTensor(name: string, type: DataTypeName, dims: readonly number[], values: Uint8Array): OnnxTensor {
  return rawTensor({ name, dataType: DATA_TYPES[type].id, dims }, values);
}

/** A tensor with its values in the file, as raw data. A span of a source stays there until it is written. */
export function rawTensor(tensor: Pick<OnnxTensor, "name" | "dataType" | "dims">, piece: Piece): OnnxTensor {
  const { name, dataType, dims } = tensor;
  const content = [...tensorHeader(name, dataType, dims), header(TENSOR.rawData, piece.length), piece];
  const data = { kind: "raw", piece } as const;
  const integers = integersOf(tensor, piece instanceof Uint8Array ? piece : () => []);
  return { name, dataType, dims, data, pieces: asInitializer(content), ...(integers && { integers }) };
}

/** A weight of a graph, as its field. @param content the tensor's fields. */
export function asInitializer(content: readonly Piece[]): Piece[] {
  return [header(GRAPH.initializer, piecesLength(content)), ...content];
}

/** A vector of whole numbers (int64), such as the shape that Reshape takes. */
export function integerVector(name: string, values: readonly (number | bigint)[]): OnnxTensor {
  return makeTensor(name, "int64", [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
}

/** The fields of a tensor that hold no values. */
export function tensorHeader(name: string, dataType: number, dims: readonly number[]): Uint8Array[] {
  return [
    ...dims.map((length) => numberField(TENSOR.dims, length)),
    numberField(TENSOR.dataType, dataType),
    field(TENSOR.name, name),
  ];
}

/** The shape of this many axes, all of unknown length; none for an unknown number. */
export function axes(rank: number | undefined): ValueInfo["shape"] {
  return rank === undefined ? undefined : Array(rank).fill(undefined);
}

/** A declared type. Without a shape: of any rank; an undefined length: unknown. */
export function makeValueInfo(name: string, dataType?: number, shape?: ValueInfo["shape"]): ValueInfo {
  if (dataType === undefined) return { name, bytes: field(GRAPH.valueInfo, [field(VALUE_INFO.name, name)]) };
  const tensor = [
    numberField(TENSOR_TYPE.elementType, dataType),
    ...(shape === undefined ? [] : [field(TENSOR_TYPE.shape, shape.map(dimension))]),
  ];
  const type = field(VALUE_INFO.type, field(TYPE.tensor, tensor));
  return { name, dataType, shape, bytes: field(GRAPH.valueInfo, [field(VALUE_INFO.name, name), type]) };
}

function dimension(length: number | string | undefined): Uint8Array {
  if (length === undefined) return field(SHAPE.dimension, []);
  return field(
    SHAPE.dimension,
    typeof length === "number" ? numberField(DIMENSION.value, length) : field(DIMENSION.parameter, length),
  );
}

/** The model with these operator sets alone: versions by domain. */
export function withOpsets<T extends Pick<OnnxModel, "opsets" | "fields">>(model: T, opsets: OnnxModel["opsets"]): T {
  const others = model.fields.filter(({ number }) => number !== MODEL.opsetImport);
  const own = Array.from(opsets, ([domain, version]): RawField => {
    const piece = field(MODEL.opsetImport, [field(OPSET.domain, domain), numberField(OPSET.version, version)]);
    return { number: MODEL.opsetImport, piece };
  });
  return { ...model, opsets, fields: [...others, ...own] };
}
