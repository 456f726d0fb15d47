/** @file The decoder of transformers.js: prompt rows go in by `forward`, answers come from its own `generate`. No fork, no patch. */
import { refusalFor } from "../../core/index.js";
import type { Matrix } from "../../math/index.js";
import type { Decoder } from "../decoder.js";
import type { ModelManifest } from "../manifest.js";
import { assertGeneration } from "./generation-settings.js";
import { type Host, type HostModel, idTensor, runtimeTensor, takesPositions } from "./host.js";
import { emptySequence, type HostDecoder } from "./sequence.js";

export function transformersDecoder(parts: HostDecoder, manifest: ModelManifest): Decoder {
  const { host, model } = parts;
  return {
    takesPositions: takesPositions(model),
    embed: (ids) => embedTokens(host, model, ids),
    assertGeneration: (generation) => assertGeneration(model, manifest, generation),
    begin: () => emptySequence(parts),
    async release() {
      await model.dispose();
    },
  };
}

/** Embeddings of ids, `[T, D]`. */
export async function embedTokens(host: Host, { sessions }: HostModel, ids: readonly number[]): Promise<Matrix> {
  const { inputs_embeds } = await sessions.embed_tokens.run({ input_ids: runtimeTensor(idTensor(host, ids)) });
  const [count, dim] = inputs_embeds.dims.slice(-2);
  if (inputs_embeds.type !== "float32") throw refusalFor("loadVlm")("token embeddings in float32", inputs_embeds.type);
  return { data: inputs_embeds.data as Float32Array, count, dim };
}
