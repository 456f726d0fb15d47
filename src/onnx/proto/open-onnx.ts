/** @file Reads a model from a source: everything but the weights, which stay where they are. */
import { type FieldReader, malformed } from "./fields.js";
import type { ByteSource, OnnxGraph, OnnxModel, OnnxTensor, Piece, RawField } from "./model.js";
import { type AttributeSets, readNode } from "./read-node.js";
import {
  addTensorField,
  addTypedData,
  finishTensor,
  isTypedData,
  newTensorParts,
  readValueInfo,
  sparseName,
  type TensorTypes,
} from "./read-tensor.js";
import { GRAPH, MODEL, OPSET, TENSOR } from "./schema.js";
import { SMALL, SourceFields, Window } from "./window.js";
import { BYTES } from "./wire.js";

/**
 * Reads the structure of an ONNX model. Of a file of several hundred megabytes a few are read: weights are skipped, and a copy
 * of the model takes them from the source.
 *
 * @throws OnnxFormatError for bytes that are no ONNX model: cut short, fields of the wrong wire type, no graph.
 */
export async function openOnnx(source: ByteSource): Promise<OnnxModel> {
  const window = new Window(source);
  const model = { irVersion: 0, producer: "", opsets: new Map<string, number>(), fields: [] as RawField[] };
  let graph: GraphParts | undefined;
  const part = new SourceFields(window, 0, source.size);
  while (part.isNear ? part.next() : await part.nextFar()) {
    if (part.number === MODEL.graph) {
      // protobuf joins a message that comes in parts: some tools append to a file, and that belongs to its graph.
      graph ??= newGraph();
      await addToGraph(graph, window, part);
    } else {
      assertFew(model.fields.length + 1, "fields in a model");
      model.fields.push(await carried(window, part));
      if (part.number === MODEL.irVersion) model.irVersion = (await part.read()).unsigned();
      else if (part.number === MODEL.producerName) model.producer = (await part.read()).text();
      else if (part.number === MODEL.opsetImport) addOpset(model.opsets, await part.read());
    }
  }
  const { opsets } = model;
  if (graph === undefined) throw malformed(`an ONNX model in ${source.name}`, "no graph");
  if (graph.nodes.length > 0 && opsets.size === 0) throw malformed("the version of an operator set", "none");
  return { ...model, graph };
}

function addOpset(opsets: Map<string, number>, part: FieldReader): void {
  let domain = "";
  let version = 0;
  const outer = part.enter();
  while (part.next()) {
    if (part.number === OPSET.domain) domain = part.text();
    else if (part.number === OPSET.version) version = part.unsigned();
  }
  part.leave(outer);
  opsets.set(domain === "ai.onnx" ? "" : domain, version);
}

/** A field that is carried along, loaded if it is small. */
async function carried(window: Window, part: SourceFields): Promise<RawField> {
  const { number, at, end } = part;
  if (end - at > SMALL) return { number, piece: part.whole() };
  await window.load(at, end);
  return { number, piece: window.view(at, end) };
}

/** Graphs of large language models have some ten thousand. An object of each is kept, so a file of empty ones would fill the memory. */
const MAX_FIELDS = 2 ** 18;

function assertFew(count: number, kind: string): void {
  if (count > MAX_FIELDS) throw malformed(`at most ${MAX_FIELDS} ${kind}`, "more");
}

/** A graph while its fields are read. */
type GraphParts = { -readonly [K in keyof OnnxGraph]: OnnxGraph[K] extends readonly (infer T)[] ? T[] : OnnxGraph[K] };

function newGraph(): GraphParts {
  return { name: "", nodes: [], initializers: [], inputs: [], outputs: [], valueInfo: [], sparse: [], fields: [] };
}

function count({ nodes, initializers, inputs, outputs, valueInfo, fields }: OnnxGraph): number {
  return nodes.length + initializers.length + inputs.length + outputs.length + valueInfo.length + fields.length;
}

async function addToGraph(graph: GraphParts, window: Window, whole: SourceFields): Promise<void> {
  const sets: AttributeSets = new Map();
  const types: TensorTypes = new Map();
  let known = count(graph);
  const part = fieldsIn(window, whole);
  while (part.isNear ? part.next() : await part.nextFar()) {
    assertFew(++known, "nodes, weights and types in a graph");
    switch (part.number) {
      case GRAPH.node:
        graph.nodes.push(readNode(part.readNow() ?? (await part.read()), sets));
        break;
      case GRAPH.initializer:
        graph.initializers.push(await readInitializer(window, part));
        break;
      case GRAPH.input:
        graph.inputs.push(readValueInfo(part.readNow() ?? (await part.read()), types));
        break;
      case GRAPH.output:
        graph.outputs.push(readValueInfo(part.readNow() ?? (await part.read()), types));
        break;
      case GRAPH.valueInfo:
        graph.valueInfo.push(readValueInfo(part.readNow() ?? (await part.read()), types));
        break;
      default:
        graph.fields.push(await carried(window, part));
        if (part.number === GRAPH.name) graph.name = (await part.read()).text();
        else if (part.number === GRAPH.sparseInitializer) graph.sparse.push(sparseName(await part.read()));
    }
  }
}

/** Reads a tensor's name, type and dimensions; its values stay in the source. */
async function readInitializer(window: Window, whole: SourceFields): Promise<OnnxTensor> {
  const parts = newTensorParts();
  const part = fieldsIn(window, whole);
  while (part.isNear ? part.next() : await part.nextFar()) {
    if (part.number === TENSOR.rawData) parts.raw = contentOf(part);
    else if (isTypedData(part.number)) addTypedData(parts, part.whole());
    else addTensorField(parts, part.readNow() ?? (await part.read()));
  }
  return finishTensor(parts, [whole.whole()]);
}

/** The fields of the message that a field holds. */
function fieldsIn(window: Window, whole: SourceFields): SourceFields {
  assertMessage(whole);
  return new SourceFields(window, whole.start, whole.end);
}

function contentOf(part: SourceFields): Piece {
  assertMessage(part);
  return part.content();
}

function assertMessage({ number, wire }: SourceFields): void {
  if (wire !== BYTES) throw malformed(`a message in field ${number}`, `wire type ${wire}`);
}
