/** @file Prompt rows into the decoder and on to the host's own `generate`: no fork, no patch. */
import { InvalidInputError } from "../../core/index.js";
import type { Matrix } from "../../math/index.js";
import { type Host, type HostCache, type HostTensor, idTensor, type Session, tensorFor } from "./host.js";

/** The host's model, as it is used here. */
export interface HostModel {
  readonly sessions: Readonly<Record<string, Session>>;
  readonly config: unknown;
  readonly generation_config?: unknown;
  forward(inputs: Record<string, unknown>): Promise<Record<string, HostTensor>>;
  generate(options: Record<string, unknown>): Promise<unknown>;
  encode_text(inputs: Record<string, unknown>): Promise<HostTensor>;
  dispose(): Promise<unknown>;
}

const DECODER = "decoder_model_merged";

/** Embeddings of ids, `[T, D]`. */
export async function embedTokens(host: Host, model: HostModel, ids: readonly number[]): Promise<Matrix> {
  const { inputs_embeds } = await model.sessions.embed_tokens.run({
    input_ids: (idTensor(host, ids) as unknown as { ort_tensor: unknown }).ort_tensor,
  });
  const [count, dim] = inputs_embeds.dims.slice(-2);
  if (inputs_embeds.type !== "float32") {
    throw new InvalidInputError({
      operation: "loadVlm",
      expected: "word embeddings in float32",
      got: inputs_embeds.type,
    });
  }
  return { data: inputs_embeds.data as Float32Array, count, dim };
}

/** Names by which the decoder takes what it gave; the host has the same rule, and does not export it. */
const RENAMES: readonly (readonly [string, string])[] = [
  ["present_ssm", "past_ssm"],
  ["present_conv", "past_conv"],
  ["present_recurrent", "past_recurrent"],
  ["present_compressor", "past_compressor"],
  ["present_indexer", "past_indexer"],
  ["present", "past_key_values"],
];

/**
 * Feeds rows on top of a cache. Positions count up without gaps.
 *
 * @param cache is updated in place.
 * @returns the logits of the last row, or of all rows where the decoder gives no choice.
 */
export async function prefill(
  host: Host,
  model: HostModel,
  { data, count, dim }: Matrix,
  cache: HostCache,
): Promise<{ logits: HostTensor }> {
  const decoder = model.sessions[DECODER];
  const length = Object.keys(cache).length === 0 ? 0 : cache.get_seq_length();
  const outputs = await model.forward({
    inputs_embeds: tensorFor(host, decoder, "inputs_embeds", data, [1, count, dim]),
    attention_mask: idTensor(host, Array(length + count).fill(1)),
    past_key_values: cache,
    ...(decoder.inputNames.includes("num_logits_to_keep") && {
      num_logits_to_keep: new host.Tensor("int64", BigInt64Array.of(1n), []),
    }),
  });
  const entries: Record<string, HostTensor> = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    const rename = RENAMES.find(([from]) => name.startsWith(from));
    if (rename !== undefined) entries[name.replace(...rename)] = tensor;
  }
  cache.update(entries);
  return { logits: outputs.logits };
}

/** Bytes of all keys and values of a cache. */
export function cacheBytes(cache: HostCache): number {
  return Object.values(cache as unknown as Record<string, HostTensor>).reduce((sum, { dims, type }) => {
    const elements = dims.reduce((a, b) => a * b, 1);
    return sum + elements * (type === "float16" ? 2 : 4);
  }, 0);
}
