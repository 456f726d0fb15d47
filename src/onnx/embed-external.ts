/** @file External data put into the model, for a file that has to stand alone. */
import { OnnxFormatError, OnnxInputError } from "./errors.js";
import type { OnnxModel, OnnxTensor } from "./model.js";
import { DATA_TYPES, dataTypeName } from "./schema.js";
import type { ByteSource } from "./source.js";
import { rawTensor } from "./write-model.js";

/**
 * The model with its external tensors as its own: their values are spans of the sources, so nothing is loaded. Models without
 * external data come back as they are.
 *
 * @param sources the external files by their locations, as the model names them.
 * @throws OnnxInputError for a location that there is no source of; OnnxFormatError for a tensor that its source is too short for,
 *   or whose length is not that of its elements.
 */
export function embedExternal(model: OnnxModel, sources: ReadonlyMap<string, ByteSource>): OnnxModel {
  const { graph } = model;
  if (graph.initializers.every(({ data }) => data.kind !== "external")) return model;
  return {
    ...model,
    graph: { ...graph, initializers: graph.initializers.map((tensor) => embedded(tensor, sources)) },
  };
}

function embedded(tensor: OnnxTensor, sources: ReadonlyMap<string, ByteSource>): OnnxTensor {
  const { data, name } = tensor;
  if (data.kind !== "external") return tensor;
  const source = sources.get(data.location);
  if (source === undefined) {
    throw new OnnxInputError({
      operation: "embedExternal",
      expected: `a source of ${JSON.stringify(data.location)}, which tensor ${name} lies in`,
      got: Array.from(sources.keys()).join(", ") || "none",
    });
  }
  const length = byteLength(tensor);
  if (data.length !== undefined && data.length !== length) {
    throw malformed(`${length} bytes of external data for tensor ${name}`, `${data.length}`);
  }
  if (data.offset + length > source.size) {
    throw malformed(`${source.name} of at least ${data.offset + length} bytes`, `${source.size} bytes`);
  }
  return rawTensor(tensor, { source, offset: data.offset, length });
}

/** Bytes of all elements; two elements of four bits share a byte. */
function byteLength({ name, dims, dataType }: OnnxTensor): number {
  const type = dataTypeName(dataType);
  if (type === undefined || DATA_TYPES[type].bits === 0) {
    throw malformed(`elements of a known length in tensor ${name}`, `data type ${dataType}`);
  }
  const elements = dims.reduce((product, length) => product * length, 1);
  return Math.ceil((elements * DATA_TYPES[type].bits) / 8);
}

function malformed(expected: string, got: string): OnnxFormatError {
  return new OnnxFormatError({ operation: "embedExternal", expected, got });
}
