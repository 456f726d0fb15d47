/** @file What visual tokens cost in the language model, by arithmetic. Every number goes with the name of its convention. */
import type { LanguageSizes } from "../../vlm/index.js";

/** LLaVA-1.5-7B's (Vicuna-7B). */
export const LLAVA_7B: LanguageSizes = {
  num_hidden_layers: 32,
  hidden_size: 4096,
  intermediate_size: 11008,
  num_attention_heads: 32,
  num_key_value_heads: 32,
  vocab_size: 32000,
};

/**
 * `fastv`: 4nd^2 + 2n^2d + 2ndm, multiply-add as one, two feed-forward matrices (arXiv 2403.06764). `gated`: 3ndm, as LLaMA has
 * three; the number in tables of the PyramidDrop type (3.82 T for 576 tokens).
 */
export type FlopsConvention = "fastv" | "gated";

/** Operations of one layer over n tokens. */
export function layerFlops(
  tokens: number,
  { hidden_size: d, intermediate_size: m }: LanguageSizes,
  convention: FlopsConvention,
): number {
  return 4 * tokens * d * d + 2 * tokens * tokens * d + (convention === "fastv" ? 2 : 3) * tokens * d * m;
}

/** Operations of a prefill over n tokens, without the vision side and the head. */
export function prefillFlops(tokens: number, model: LanguageSizes, convention: FlopsConvention): number {
  return model.num_hidden_layers * layerFlops(tokens, model, convention);
}

/** Bytes of keys and values. @param bytes per number: 2 for fp16. */
export function kvCacheBytes(tokens: number, model: LanguageSizes, bytes = 2): number {
  const width = model.num_key_value_heads * (model.hidden_size / model.num_attention_heads);
  return 2 * model.num_hidden_layers * tokens * width * bytes;
}

/** Pruning inside the language model: layers up to `layer` see all tokens, the others `kept`. */
export function prunedFlops(
  { tokens, kept, layer }: { readonly tokens: number; readonly kept: number; readonly layer: number },
  model: LanguageSizes,
  convention: FlopsConvention,
): number {
  const after = model.num_hidden_layers - layer;
  return layer * layerFlops(tokens, model, convention) + after * layerFlops(kept, model, convention);
}
