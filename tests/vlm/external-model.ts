import { bytesSource, modelBytes, openOnnx, skeleton } from "../../src/onnx/index.js";

/** An ONNX model whose weights lie in the original, under another name. */
export async function withExternal(original: Uint8Array, location: string): Promise<Uint8Array> {
  const source = bytesSource(original);
  return modelBytes(skeleton(await openOnnx(source), { source, location, least: 16 }));
}
