import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../../core/index.js";
import { modelManifest } from "../manifest.js";
import { familyOf } from "./index.js";

describe("familyOf", () => {
  it("supports LLaVA with a CLIP tower by its parts, and families without a class token by their features", () => {
    expect(familyOf("llava").path("clip_vision_model")).toBe("clip");
    expect(familyOf("llava").path("siglip_vision_model")).toBe("features");
    const families = ["llava_onevision", "llava_qwen2", "idefics3", "smolvlm", "gemma3", "paligemma", "mistral3"];
    for (const family of families) expect(familyOf(family).path("any")).toBe("features");
  });
  it.each([
    ["qwen2_vl", /qwen2_vl: its positions follow the image's grid/],
    ["florence2", /florence2: it is an encoder-decoder/],
    ["phi3_v", /phi3_v: its image is merged inside/],
    ["moondream1", /moondream1: its merge is the stock one, but it has not been tried/],
    ["bert", /bert: it is not known/],
    [undefined, /none: it is not known/],
    ["toString", /toString: it is not known/],
  ])("refuses %s by name, with the reason", (family, message) => {
    expect(() => familyOf(family)).toThrow(InvalidInputError);
    expect(() => familyOf(family)).toThrow(message);
  });
});

describe("modelManifest", () => {
  const config = {
    model_type: "llava",
    vision_config: { model_type: "clip_vision_model", image_size: 336, patch_size: 14 },
    text_config: { max_position_embeddings: 4096 },
  };

  it("takes sizes from config.json, the sign from manifest.json, and what the caller says before that", () => {
    expect(modelManifest(config, undefined)).toMatchObject({
      grid: [24, 24],
      imageSize: 336,
      maxPositions: 4096,
      defaultMethod: "recoup",
    });
    expect(modelManifest(config, undefined).textPolarity).toBeUndefined();
    expect(modelManifest(config, { textPolarity: 1, clip: "../clip" })).toMatchObject({
      textPolarity: 1,
      clip: "../clip",
    });
    const overrides = { textPolarity: -1, clip: "/clip", defaultMethod: "cls-topk" } as const;
    expect(modelManifest(config, { textPolarity: 1, clip: "../clip" }, overrides)).toMatchObject(overrides);
  });

  it("finds the language model's sizes at the top of config.json too, and knows what a family leaves out", () => {
    const flat = { model_type: "llava_qwen2", max_position_embeddings: 32768, hidden_size: 896 };
    expect(modelManifest(flat, undefined).maxPositions).toBe(32768);
    expect(modelManifest({ model_type: "gemma3", text_config: {} }, undefined).maxPositions).toBe(131072);
    expect(modelManifest({ model_type: "smolvlm", text_config: {} }, undefined).maxPositions).toBe(4096);
    const paligemma = modelManifest({ model_type: "paligemma", text_config: {} }, undefined);
    expect(paligemma).toMatchObject({ maxPositions: 8192, prefix: true });
  });

  it("refuses sizes and signs that are none", () => {
    const odd = { ...config, vision_config: { ...config.vision_config, patch_size: 15 } };
    expect(() => modelManifest(odd, undefined)).toThrow(/image_size \/ patch_size as a whole number/);
    expect(() => modelManifest(config, { textPolarity: 2 })).toThrow(/textPolarity as one of 1, -1, got 2/);
  });
});
