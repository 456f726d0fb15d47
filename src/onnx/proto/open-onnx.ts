/** @file Reads a model from a source: everything but the weights, which stay where they are. */
import { refusalFor, shape } from "../../core/index.js";
import { OnnxFormatError, OnnxInputError } from "./errors.js";
import { type FieldReader, malformed } from "./fields.js";
import type { ByteSource, OnnxFunction, OnnxGraph, OnnxModel, OnnxTensor, RawField } from "./model.js";
import { otherKind } from "./other-kinds.js";
import { type AttributeSets, readFunction, readNode } from "./read-node.js";
import { isValues, readValueInfo, sparseName, TensorFields, type TensorTypes } from "./read-tensor.js";
import { GRAPH, MODEL, OPSET } from "./schema.js";
import { SourceReader } from "./source-reader.js";

const SOURCE = shape.object({
  name: shape.text,
  size: shape.count,
  read: shape.value("a function", (given) => typeof given === "function"),
});

/**
 * Reads the structure of an ONNX model: of hundreds of megabytes, a few. Weights are skipped; copies take them from the source.
 *
 * @throws OnnxFormatError for bytes that are no ONNX model, naming the source: another kind of file, cut short, fields of the wrong wire
 *   type, no graph.
 */
export async function openOnnx(source: ByteSource): Promise<OnnxModel> {
  shape.shaped(source, SOURCE, refusalFor("openOnnx", OnnxInputError));
  try {
    return await readModel(source);
  } catch (error) {
    if (!(error instanceof OnnxFormatError)) throw error;
    const kind = await otherKind(source);
    if (kind !== undefined) throw malformed(`an ONNX model in ${source.name}`, kind);
    const { expected, got } = error;
    throw malformed(`an ONNX model in ${source.name}: ${expected}`, got, error);
  }
}

async function readModel(source: ByteSource): Promise<OnnxModel> {
  const model = { irVersion: 0, producer: "", opsets: new Map<string, number>(), fields: [] as RawField[] };
  const functions: OnnxFunction[] = [];
  const sets: AttributeSets = new Map();
  let graph: GraphParts | undefined;
  let known = 0;
  const part = new SourceReader(source);
  while (part.isNear ? part.next() : await part.nextFar()) {
    if (part.number === MODEL.graph) {
      // protobuf joins a message that comes in parts: some tools append to a file, and that belongs to its graph.
      graph ??= newGraph();
      known = await addToGraph(graph, part, known);
    } else {
      assertFew(model.fields.length + 1, "fields in a model");
      model.fields.push(await part.carried());
      if (part.number === MODEL.irVersion) model.irVersion = (await part.read()).unsigned();
      else if (part.number === MODEL.producerName) model.producer = (await part.read()).text();
      else if (part.number === MODEL.opsetImport) addOpset(model.opsets, await part.read());
      else if (part.number === MODEL.functions) functions.push(readFunction(await part.read(), sets));
    }
  }
  if (graph === undefined) throw malformed("a graph", "none");
  if (graph.nodes.length > 0 && model.opsets.size === 0) throw malformed("the version of an operator set", "none");
  return { ...model, graph, ...(functions.length > 0 && { functions }) };
}

function addOpset(opsets: Map<string, number>, part: FieldReader): void {
  let domain = "";
  let version = 0;
  part.eachInside(() => {
    if (part.number === OPSET.domain) domain = part.text();
    else if (part.number === OPSET.version) version = part.unsigned();
  });
  opsets.set(domain === "ai.onnx" ? "" : domain, version);
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

/** Adds the fields of a graph, or of a part of one. @param before number of those added earlier. @returns the number of all. */
async function addToGraph(graph: GraphParts, part: SourceReader, before: number): Promise<number> {
  const sets: AttributeSets = new Map();
  const types: TensorTypes = new Map();
  const infos = new Map([
    [GRAPH.input as number, graph.inputs],
    [GRAPH.output, graph.outputs],
    [GRAPH.valueInfo, graph.valueInfo],
  ]);
  let known = before;
  const outer = part.enter();
  while (part.isNear ? part.next() : await part.nextFar()) {
    assertFew(++known, "nodes, weights and types in a graph");
    const list = infos.get(part.number);
    if (part.number === GRAPH.node) graph.nodes.push(readNode(part.isLoaded ? part : await part.read(), sets));
    else if (part.number === GRAPH.initializer) graph.initializers.push(await readInitializer(part));
    else if (list !== undefined) list.push(readValueInfo(part.isLoaded ? part : await part.read(), types));
    else {
      graph.fields.push(await part.carried());
      if (part.number === GRAPH.name) graph.name = (await part.read()).text();
      else if (part.number === GRAPH.sparse) graph.sparse.push(sparseName(await part.read()));
    }
  }
  part.leave(outer);
  return known;
}

/** Bytes of a weight that is kept in memory at most: lengths, axes and positions of a graph, which searches read. */
const SMALL = 256;

/** Reads a tensor's name, type and dimensions; values stay in the source, but those of a few elements. */
async function readInitializer(part: SourceReader): Promise<OnnxTensor> {
  const fields = new TensorFields();
  const span = part.span.bind(part);
  const whole = span(part.at, part.end);
  const isSmall = part.end - part.at <= SMALL;
  if (isSmall && !part.isLoaded) await part.read();
  const view = part.view.bind(part);
  const outer = part.enter();
  while (part.isNear ? part.next() : await part.nextFar()) {
    if (isValues(part)) fields.addValues(part, span, isSmall ? view : undefined);
    else fields.add(part.isLoaded ? part : await part.read());
  }
  part.leave(outer);
  return fields.tensor([whole]);
}
