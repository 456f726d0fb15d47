/** @file What visual tokens cost in the language model, by arithmetic. Every number goes with the name of its convention. */

/** Sizes of a language model. */
export interface CostModel {
  readonly layers: number;
  /** Hidden width. */
  readonly d: number;
  /** Width between the feed-forward matrices. */
  readonly m: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocab: number;
}

/** LLaVA-1.5-7B's (Vicuna-7B). */
export const LLAVA_7B: CostModel = { layers: 32, d: 4096, m: 11008, heads: 32, kvHeads: 32, vocab: 32000 };

/**
 * `fastv`: 4nd^2 + 2n^2d + 2ndm, multiply-add as one, two feed-forward matrices (arXiv 2403.06764). `gated`: 3ndm, as LLaMA has
 * three; the number in tables of the PyramidDrop type (3.82 T for 576 tokens).
 */
export type FlopsConvention = "fastv" | "gated";

/** Operations of one layer over n tokens. */
export function layerFlops(tokens: number, { d, m }: CostModel, convention: FlopsConvention): number {
  return 4 * tokens * d * d + 2 * tokens * tokens * d + (convention === "fastv" ? 2 : 3) * tokens * d * m;
}

/** Operations of a prefill over n tokens, without the vision side and the head. */
export function prefillFlops(tokens: number, model: CostModel, convention: FlopsConvention): number {
  return model.layers * layerFlops(tokens, model, convention);
}

/** Bytes of keys and values. @param bytes per number: 2 for fp16. */
export function kvCacheBytes(tokens: number, { layers, d, heads, kvHeads }: CostModel, bytes = 2): number {
  return 2 * layers * tokens * kvHeads * (d / heads) * bytes;
}

/** Pruning inside the language model: layers up to `layer` see all tokens, the others `kept`. */
export function prunedFlops(
  { tokens, kept, layer }: { readonly tokens: number; readonly kept: number; readonly layer: number },
  model: CostModel,
  convention: FlopsConvention,
): number {
  return layer * layerFlops(tokens, model, convention) + (model.layers - layer) * layerFlops(kept, model, convention);
}
