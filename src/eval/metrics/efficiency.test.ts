import { describe, expect, it } from "vitest";
import type { LanguageSizes } from "../../vlm/index.js";
import { kvCacheBytes, LLAVA_7B, layerFlops, prefillFlops, prunedFlops } from "./efficiency.js";

const SMALL: LanguageSizes = {
  num_hidden_layers: 3,
  hidden_size: 8,
  intermediate_size: 20,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 10,
};

describe("operations", () => {
  it("are 4nd^2 + 2n^2d + 2ndm by fastv's convention, 3ndm by the gated one", () => {
    expect(layerFlops(5, SMALL, "fastv")).toBe(4 * 5 * 64 + 2 * 25 * 8 + 2 * 5 * 8 * 20);
    expect(layerFlops(5, SMALL, "gated")).toBe(4 * 5 * 64 + 2 * 25 * 8 + 3 * 5 * 8 * 20);
    expect(layerFlops(0, SMALL, "gated")).toBe(0);
  });

  it("of LLaVA-1.5-7B's 576 visual tokens are the 3.82 T of published tables", () => {
    expect(prefillFlops(576, LLAVA_7B, "gated")).toBe(3817152184320);
  });

  it("of pruning after a layer lie between those of all and of the kept tokens", () => {
    const at = (layer: number) => prunedFlops({ tokens: 9, kept: 4, layer }, SMALL, "fastv");
    expect(at(0)).toBe(prefillFlops(4, SMALL, "fastv"));
    expect(at(1)).toBe(layerFlops(9, SMALL, "fastv") + 2 * layerFlops(4, SMALL, "fastv"));
    expect(at(3)).toBe(prefillFlops(9, SMALL, "fastv"));
  });
});

describe("kvCacheBytes", () => {
  it("counts key and value heads, not those of the queries", () => {
    expect(kvCacheBytes(7, SMALL, 4)).toBe(2 * 3 * 7 * 2 * 2 * 4);
    expect(kvCacheBytes(1, LLAVA_7B)).toBe(524288);
  });
});
