/** @file External data put into the model, for a file that has to stand alone. */
import { OnnxFormatError, OnnxInputError, OnnxUnsupportedError } from "../proto/errors.js";
import { byteLength } from "../proto/external.js";
import type { OnnxModel, OnnxTensor } from "../proto/model.js";
import type { ByteSource } from "../proto/source.js";
import { rawTensor } from "../proto/write-model.js";

/**
 * The model with its external tensors as its own: their values are spans of the sources, so nothing is loaded. Models without
 * external data come back as they are.
 *
 * @param sources the external files by their locations, as the model names them.
 * @throws OnnxInputError for a location that there is no source of; OnnxFormatError for a tensor that its source is too short for,
 *   or whose length is not that of its elements; OnnxUnsupportedError for external data of a constant in a node or subgraph.
 */
export function embedExternal(model: OnnxModel, sources: ReadonlyMap<string, ByteSource>): OnnxModel {
  const { graph } = model;
  const node = graph.nodes.find(({ attributes }) =>
    Array.from(attributes.values()).some(({ external }) => external !== undefined),
  );
  if (node !== undefined) {
    const name = node.name || node.outputs[0];
    const got = `${node.opType} ${name}`;
    throw new OnnxUnsupportedError({
      operation: "embedExternal",
      expected: "external data of weights alone, none of constants in nodes",
      got,
      node: name,
    });
  }
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

function malformed(expected: string, got: string): OnnxFormatError {
  return new OnnxFormatError({ operation: "embedExternal", expected, got });
}
