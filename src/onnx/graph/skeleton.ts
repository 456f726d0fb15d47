/** @file A model of some kilobytes whose weights lie in the untouched original. */
import { OnnxInputError } from "../proto/errors.js";
import type { OnnxModel, OnnxTensor } from "../proto/model.js";
import type { ByteSource, Span } from "../proto/source.js";
import { externalTensor } from "../proto/write-model.js";

export interface SkeletonOptions {
  /** The original, as its weights' spans name it. */
  readonly source: ByteSource;
  /** Path of the original from the folder where the skeleton will lie. */
  readonly location: string;
  /** Weights from this many bytes on are pointed to, shorter ones are copied. Default: 1024, so that scales and biases are at hand. */
  readonly least?: number;
}

/**
 * The model with its weights as external data that point into the original file, at their offsets there. ONNX Runtime reads them
 * whatever their alignment.
 *
 * @throws OnnxInputError for a location that leaves the folder.
 */
export function skeleton(model: OnnxModel, { source, location, least = 1024 }: SkeletonOptions): OnnxModel {
  if (location === "" || /^([\\/]|[A-Za-z]:)/.test(location) || location.split(/[\\/]/).includes("..")) {
    throw new OnnxInputError({
      operation: "skeleton",
      expected: "a location within the folder",
      got: JSON.stringify(location),
    });
  }
  const { graph } = model;
  return {
    ...model,
    graph: { ...graph, initializers: graph.initializers.map((tensor) => pointing(tensor, source, location, least)) },
  };
}

function pointing(tensor: OnnxTensor, source: ByteSource, location: string, least: number): OnnxTensor {
  if (tensor.data.kind !== "raw") return tensor;
  const span = tensor.data.piece as Span;
  if (span.source !== source || span.length < least) return tensor;
  return externalTensor(tensor, location, span.offset, span.length);
}
