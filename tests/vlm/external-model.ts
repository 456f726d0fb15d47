import { bytesSource, modelBytes, openOnnx, type Span, skeleton } from "../../src/onnx/index.js";
import { externalTensor } from "../../src/onnx/proto/write-model.js";

/** An ONNX model whose weights lie in the original, under another name. */
export async function withExternal(original: Uint8Array, location: string): Promise<Uint8Array> {
  const source = bytesSource(original);
  return modelBytes(skeleton(await openOnnx(source), { source, location, least: 16 }));
}

/** Bytes of a tensor that exporters keep in the model. */
const LEAST_EXTERNAL = 1024;

/** An ONNX model with its weights in several files in turn, and these files, as exporters write models of more than 2 GB. */
export async function inChunks(original: Uint8Array, locations: readonly string[]) {
  const model = await openOnnx(bytesSource(original));
  const chunks = locations.map((location) => ({ location, parts: [] as Uint8Array[], end: 0 }));
  const initializers = await Promise.all(
    model.graph.initializers.map(async (tensor, i) => {
      if (tensor.data.kind !== "raw") return tensor;
      const { source, offset, length } = tensor.data.piece as Span;
      // The runtime reads shapes in the model only.
      if (length < LEAST_EXTERNAL) return tensor;
      const chunk = chunks[i % chunks.length];
      chunk.parts.push(await source.read(offset, length));
      chunk.end += length;
      return externalTensor(tensor, { location: chunk.location, offset: chunk.end - length, length });
    }),
  );
  const files = new Map(chunks.map(({ location, parts }) => [location, Buffer.concat(parts)]));
  return { model: await modelBytes({ ...model, graph: { ...model.graph, initializers } }), files };
}
