/** @file Writes models: fields that were read go out unchanged, weights as spans of their source; tensors may be renamed. */
import { refusalFor } from "../../core/index.js";
import { assertModel } from "./assert-model.js";
import { OnnxInputError } from "./errors.js";
import { FieldReader } from "./fields.js";
import { asInitializer, namesOfNode, rawTensor, tensorHeader } from "./make.js";
import type { ExternalData, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, Piece } from "./model.js";
import { ENTRY, GRAPH, MODEL, NODE, TENSOR } from "./schema.js";
import { joinPieces, loadPieces } from "./source.js";
import { BYTES, field, header, numberField, piecesLength } from "./wire.js";

/** Length of a protobuf message at most: readers count in 32 bits, with a sign. */
const MAX_MESSAGE = 2 ** 31 - 1;

/**
 * The model as pieces to be written one after another; weights are spans of the source that they were read from.
 *
 * @throws OnnxInputError for a model of 2 GiB or more, which no runtime reads without external data.
 */
export function modelPieces(model: OnnxModel): Piece[] {
  assertModel("writeOnnx", model);
  const graph = graphPieces(model.graph);
  const others = model.fields.map(({ piece }) => piece);
  const pieces = joinPieces([...others, header(MODEL.graph, piecesLength(graph)), ...graph]);
  const length = piecesLength(pieces);
  if (length > MAX_MESSAGE) {
    const refuse = refusalFor("modelPieces", OnnxInputError);
    throw refuse("a model below 2 GiB in one file (protobuf's limit)", `${(length / 2 ** 30).toFixed(2)} GiB`);
  }
  return pieces;
}

/** The model as bytes. @throws as `modelPieces`. */
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

/** A message with its tag. Where its list differs from the one it was read from, so does the tag. */
function asField(number: number, bytes: Uint8Array): Uint8Array {
  return bytes[0] === number * 8 + BYTES ? bytes : field(number, firstField(bytes).content());
}

function firstField(bytes: Uint8Array): FieldReader {
  const reader = new FieldReader().open(bytes);
  reader.next();
  return reader;
}

/** The same node with other tensor names, and `prefix` before its own; subgraphs are left as they are. */
export function renameNode(node: OnnxNode, rename: (name: string) => string, prefix: string): OnnxNode {
  const name = node.name === "" ? "" : prefix + node.name;
  return withNames(node, { name, inputs: renamed(node.inputs, rename), outputs: renamed(node.outputs, rename) });
}

/** The same node with other names for its outputs. */
export function renameOutputs(node: OnnxNode, rename: (name: string) => string): OnnxNode {
  return withNames(node, { outputs: renamed(node.outputs, rename) });
}

/** The same node with other inputs; "" stands for one that is left out. */
export function withInputs(node: OnnxNode, inputs: readonly string[]): OnnxNode {
  return withNames(node, { inputs });
}

/** A tensor that is left out stays so. */
function renamed(names: readonly string[], rename: (name: string) => string): string[] {
  return names.map((name) => (name === "" ? "" : rename(name)));
}

function withNames(node: OnnxNode, names: Partial<Pick<OnnxNode, "name" | "inputs" | "outputs">>): OnnxNode {
  const other = { ...node, ...names };
  return { ...other, bytes: field(GRAPH.node, [...namesOfNode(other), ...restOf(node)]) };
}

const NAMES: readonly number[] = [NODE.input, NODE.output, NODE.name];

/** Every field of a node but its names, with tags, as they were written. */
function restOf({ bytes }: OnnxNode): Uint8Array[] {
  const rest: Uint8Array[] = [];
  const part = firstField(bytes);
  part.eachInside(() => {
    if (!NAMES.includes(part.number)) rest.push(part.whole());
  });
  return rest;
}

/** The same tensor with its values at a place in another file. */
export function externalTensor(
  { name, dataType, dims }: Pick<OnnxTensor, "name" | "dataType" | "dims">,
  { location, offset, length }: Omit<ExternalData, "kind">,
): OnnxTensor {
  const entries = Object.entries({ location, offset, ...(length !== undefined && { length }) });
  const bytes = field(GRAPH.initializer, [
    ...tensorHeader(name, dataType, dims),
    ...entries.map(([key, value]) =>
      field(TENSOR.externalData, [field(ENTRY.key, key), field(ENTRY.value, String(value))]),
    ),
    numberField(TENSOR.dataLocation, 1),
  ]);
  return { name, dataType, dims, data: { kind: "external", location, offset, length }, pieces: [bytes] };
}

/** The same tensor under another name. Values that lie in a source stay there: the new field's header goes before a span of them. */
export function renameTensor(tensor: OnnxTensor, name: string): OnnxTensor {
  const { dataType, dims, data } = tensor;
  if (data.kind === "external") return externalTensor({ ...tensor, name }, data);
  if (data.kind === "raw") return rawTensor({ ...tensor, name }, data.piece);
  const content = [...tensorHeader(name, dataType, dims), ...(data.kind === "typed" ? data.pieces : [])];
  return { ...tensor, name, pieces: asInitializer(content) };
}
