/** @file Reads a model from a source: everything but the weights, which stay where they are. */
import { OnnxFormatError } from "./errors.js";
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, RawField, ValueInfo } from "./model.js";
import {
  addTensorField,
  addValues,
  finishTensor,
  newTensorParts,
  readNode,
  readValueInfo,
  VALUE_FIELDS,
} from "./read-message.js";
import { GRAPH, MODEL, OPSET, TENSOR } from "./schema.js";
import type { ByteSource, Piece } from "./source.js";
import { SMALL, type SourceField, sourceFields, Window } from "./window.js";
import { BYTES, type Field, fields, toMessage, toNumber, toText } from "./wire.js";

/**
 * Reads the structure of an ONNX model. Of a file of several hundred megabytes a few are read: weights are skipped, and a copy
 * of the model takes them from the source.
 *
 * @throws OnnxFormatError for bytes that are no ONNX model: cut short, fields of the wrong wire type, no graph.
 */
export async function openOnnx(source: ByteSource): Promise<OnnxModel> {
  const window = new Window(source);
  const kept: RawField[] = [];
  const opsets = new Map<string, number>();
  const small: Field[] = [];
  let graph: OnnxGraph | undefined;
  for await (const field of sourceFields(window, 0, source.size)) {
    if (field.number === MODEL.graph) {
      // protobuf joins a repeated message field; no exporter writes a graph in two parts.
      if (graph !== undefined) throw malformed("one graph", "two");
      graph = await readGraph(window, messageOf(field));
      continue;
    }
    kept.push({ number: field.number, piece: await window.piece(field) });
    if (field.number === MODEL.irVersion || field.number === MODEL.producerName || field.number === MODEL.opsetImport) {
      small.push(await loaded(window, field));
    }
  }
  let irVersion = 0;
  let producer = "";
  for (const field of small) {
    if (field.number === MODEL.irVersion) irVersion = toNumber(field);
    else if (field.number === MODEL.producerName) producer = toText(field);
    else addOpset(opsets, toMessage(field));
  }
  if (graph === undefined) throw malformed(`an ONNX model in ${source.name}`, "no graph");
  if (graph.nodes.length > 0 && opsets.size === 0) throw malformed("the version of an operator set", "none");
  return { irVersion, producer, opsets, fields: kept, graph };
}

function malformed(expected: string, got: string): OnnxFormatError {
  return new OnnxFormatError({ operation: "openOnnx", expected, got });
}

function addOpset(opsets: Map<string, number>, bytes: Uint8Array): void {
  let domain = "";
  let version = 0;
  for (const part of fields(bytes)) {
    if (part.number === OPSET.domain) domain = toText(part);
    else if (part.number === OPSET.version) version = toNumber(part);
  }
  opsets.set(domain === "ai.onnx" ? "" : domain, version);
}

async function loaded(window: Window, { number, wire, at, start, end }: SourceField): Promise<Field> {
  const whole = await window.load(at, end);
  return { number, wire, bytes: whole.subarray(start - at), whole };
}

function messageOf(field: SourceField): SourceField {
  if (field.wire !== BYTES) throw malformed(`a message in field ${field.number}`, `wire type ${field.wire}`);
  return field;
}

/** Graphs of large language models have some ten thousand. An object of each is kept, so a file of empty ones would fill the memory. */
const MAX_FIELDS = 2 ** 18;

async function readGraph(window: Window, { start, end }: SourceField): Promise<OnnxGraph> {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const infos: Record<number, ValueInfo[]> = { [GRAPH.input]: [], [GRAPH.output]: [], [GRAPH.valueInfo]: [] };
  const kept: RawField[] = [];
  let name = "";
  let count = 0;
  for await (const field of sourceFields(window, start, end)) {
    if (++count > MAX_FIELDS) throw malformed(`at most ${MAX_FIELDS} nodes, weights and types in a graph`, "more");
    if (field.number === GRAPH.node) {
      messageOf(field);
      nodes.push(readNode(await window.load(field.start, field.end)));
    } else if (field.number === GRAPH.initializer) initializers.push(await readInitializer(window, messageOf(field)));
    else if (field.number in infos) {
      messageOf(field);
      infos[field.number].push(readValueInfo(await window.load(field.start, field.end)));
    } else {
      kept.push({ number: field.number, piece: await window.piece(field) });
      if (field.number === GRAPH.name) name = toText(await loaded(window, field));
    }
  }
  return {
    name,
    nodes,
    initializers,
    inputs: infos[GRAPH.input],
    outputs: infos[GRAPH.output],
    valueInfo: infos[GRAPH.valueInfo],
    fields: kept,
  };
}

/** Reads a tensor's name, type and dimensions; long values stay in the source. */
async function readInitializer(window: Window, whole: SourceField): Promise<OnnxTensor> {
  const parts = newTensorParts();
  for await (const field of sourceFields(window, whole.start, whole.end)) {
    const isValue = field.number === TENSOR.rawData || VALUE_FIELDS.includes(field.number);
    const isLong = field.number === TENSOR.rawData || field.end - field.start > SMALL;
    if (!isValue || !isLong) addTensorField(parts, await loaded(window, field));
    else {
      messageOf(field);
      const piece: Piece = { source: window.source, offset: field.start, length: field.end - field.start };
      if (field.number === TENSOR.rawData) parts.raw = piece;
      else addValues(parts, field.number, piece);
    }
  }
  const { at, end } = whole;
  return finishTensor(parts, [{ source: window.source, offset: at, length: end - at }]);
}
