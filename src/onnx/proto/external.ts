/** @file What of a model lies in other files. */
import { OnnxFormatError } from "./errors.js";
import type { ExternalData, OnnxModel, OnnxTensor } from "./model.js";
import { DATA_TYPES, dataTypeName } from "./schema.js";

/** Part of a file beside the model's. */
export interface ExternalPart {
  /** Path from the model's folder, within it. */
  readonly location: string;
  /** Where the part ends at least, in bytes. */
  readonly end: number;
}

/**
 * All external data of a model: of its weights, of constants in its nodes, and of what is in subgraphs.
 *
 * @throws OnnxFormatError for a weight whose number of bytes is not said and cannot be told from its elements.
 */
export function externalParts({ graph }: OnnxModel): ExternalPart[] {
  const parts: ExternalPart[] = [];
  for (const tensor of graph.initializers) {
    const { data } = tensor;
    if (data.kind !== "external") continue;
    parts.push({ location: data.location, end: data.offset + (data.length ?? byteLength(tensor)) });
  }
  for (const data of nodesData(graph)) parts.push({ location: data.location, end: data.offset + (data.length ?? 0) });
  return parts;
}

function* nodesData({ nodes }: OnnxModel["graph"]): Generator<ExternalData> {
  for (const { attributes } of nodes) {
    for (const { external = [] } of attributes.values()) yield* external;
  }
}

/**
 * Bytes of all elements; two elements of four bits share a byte.
 *
 * @throws OnnxFormatError for elements without a fixed length, or more of them than can be counted.
 */
export function byteLength({ name, dims, dataType }: OnnxTensor): number {
  const type = dataTypeName(dataType);
  if (type === undefined || DATA_TYPES[type].bits === 0) {
    throw malformed(`elements of a known length in tensor ${name}`, `data type ${dataType}`);
  }
  const elements = dims.reduce((product, length) => product * length, 1);
  const length = Math.ceil((elements * DATA_TYPES[type].bits) / 8);
  if (!Number.isSafeInteger(length))
    throw malformed(`a length of tensor ${name} that can be counted`, dims.join(" x "));
  return length;
}

function malformed(expected: string, got: string): OnnxFormatError {
  return new OnnxFormatError({ operation: "externalData", expected, got });
}
