/** @file Weights in files beside the model: listed, put into the model, or pointed to in an untouched original. */
import { refusalFor, shape } from "../../core/index.js";
import { assertModel, onnxOptions } from "../proto/assert-model.js";
import { OnnxFormatError, OnnxInputError, OnnxUnsupportedError } from "../proto/errors.js";
import { rawTensor } from "../proto/make.js";
import type { ByteSource, ExternalData, OnnxModel, OnnxNode, OnnxTensor, Span } from "../proto/model.js";
import { isInside } from "../proto/read-tensor.js";
import { DATA_TYPES, dataTypeName } from "../proto/schema.js";
import { externalTensor } from "../proto/write-model.js";
import { label, nodeName } from "./graph-view.js";

const malformed = refusalFor("externalData", OnnxFormatError);

/** Part of a file beside the model's. */
export interface ExternalPart {
  /** Path from the model's folder, within it. */
  readonly location: string;
  /** Least length of the file, in bytes: the part ends there. */
  readonly end: number;
}

/**
 * All external data of a model: of its weights, and of constants in its nodes and subgraphs.
 *
 * @throws OnnxFormatError for a weight whose number of bytes neither the file nor its elements tell.
 */
export function externalParts({ graph }: OnnxModel): ExternalPart[] {
  const ofWeights = graph.initializers.flatMap((tensor) => {
    const { data } = tensor;
    return data.kind === "external" ? [{ ...data, length: data.length ?? byteLength(tensor) }] : [];
  });
  const inNodes = graph.nodes.flatMap(dataIn);
  return [...ofWeights, ...inNodes].map(({ location, offset, length = 0 }) => ({ location, end: offset + length }));
}

/** External data of a node's constants, those in its subgraphs too. */
function dataIn({ attributes }: OnnxNode): readonly ExternalData[] {
  return Array.from(attributes.values(), ({ external = [] }) => external).flat();
}

/**
 * Bytes of all elements; two elements of four bits share a byte.
 *
 * @throws OnnxFormatError for elements without a fixed length, or more of them than can be counted.
 */
function byteLength({ name, dims, dataType }: OnnxTensor): number {
  const type = dataTypeName(dataType);
  if (type === undefined || DATA_TYPES[type].bits === 0) {
    throw malformed(`elements of a known length in tensor ${name}`, `data type ${dataType}`);
  }
  const elements = dims.reduce((product, length) => product * length, 1);
  const length = Math.ceil((elements * DATA_TYPES[type].bits) / 8);
  if (Number.isSafeInteger(length)) return length;
  throw malformed(`a length of tensor ${name} that can be counted`, dims.join(" x "));
}

/**
 * The model with its external tensors as its own: their values are spans of the sources, not loaded. Without any, it is unchanged.
 *
 * @param sources the external files by their locations, as the model names them.
 * @throws OnnxInputError for a location without a source. OnnxFormatError for a tensor that its source is too short for, or whose
 *   length is not that of its elements. OnnxUnsupportedError for external data of a constant in a node or subgraph.
 */
export function embedExternal(model: OnnxModel, sources: ReadonlyMap<string, ByteSource>): OnnxModel {
  assertModel("embedExternal", model);
  onnxOptions("embedExternal", { sources }, { sources: shape.instance(Map) });
  const { graph } = model;
  const node = graph.nodes.find((each) => dataIn(each).length > 0);
  if (node !== undefined) {
    const expected = "external data of weights alone, none of constants in nodes";
    throw new OnnxUnsupportedError({ operation: "embedExternal", expected, got: label(node), node: nodeName(node) });
  }
  if (graph.initializers.every(({ data }) => data.kind !== "external")) return model;
  return withWeights(model, (tensor) => embedded(tensor, sources));
}

function embedded(tensor: OnnxTensor, sources: ReadonlyMap<string, ByteSource>): OnnxTensor {
  const { data, name } = tensor;
  if (data.kind !== "external") return tensor;
  const source = sources.get(data.location);
  if (source === undefined) {
    const expected = `a source of ${JSON.stringify(data.location)}, which tensor ${name} lies in`;
    throw refusalFor("embedExternal", OnnxInputError)(expected, Array.from(sources.keys()).join(", ") || "none");
  }
  const length = byteLength(tensor);
  if (data.length !== undefined && data.length !== length) {
    throw malformed(`${length} bytes of external data for tensor ${name}`, data.length);
  }
  if (data.offset + length > source.size) {
    throw malformed(`${source.name} of at least ${data.offset + length} bytes`, `${source.size} bytes`);
  }
  return rawTensor(tensor, { source, offset: data.offset, length });
}

/** The original of a skeleton. */
export interface SkeletonOptions {
  /** The original's source, as the weights' spans name it. */
  readonly source: ByteSource;
  /** Path of the original from the skeleton's folder, within it. */
  readonly location: string;
  /** Weights from this many bytes on are pointed to, shorter ones copied. Default: 1024, so that scales and biases are at hand. */
  readonly least?: number;
}

/**
 * A model of some kilobytes: its weights are external data, at their offsets in the original. ONNX Runtime reads any alignment.
 *
 * @throws OnnxInputError for a location that leaves the folder.
 */
export function skeleton(model: OnnxModel, { source, location, least = 1024 }: SkeletonOptions): OnnxModel {
  if (location === "" || !isInside(location)) {
    throw refusalFor("skeleton", OnnxInputError)("a location within the folder", JSON.stringify(location));
  }
  return withWeights(model, (tensor) => {
    if (tensor.data.kind !== "raw") return tensor;
    const span = tensor.data.piece as Span;
    if (span.source !== source || span.length < least) return tensor;
    return externalTensor(tensor, { location, offset: span.offset, length: span.length });
  });
}

function withWeights(model: OnnxModel, change: (tensor: OnnxTensor) => OnnxTensor): OnnxModel {
  const { graph } = model;
  return { ...model, graph: { ...graph, initializers: graph.initializers.map(change) } };
}
