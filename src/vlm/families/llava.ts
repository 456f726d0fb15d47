/** @file LLaVA-1.5 and its kin: CLIP's tower in parts, any other one (SigLIP, Pixtral, FastVLM's convolutions) by its features. */
import type { Family } from "./family.js";
import { lineMarkup } from "./mistral3.js";

/** LLaVA, with a CLIP tower or another one. */
export const llava: Family = {
  type: "llava",
  // Only CLIP's tower has a class token.
  path: (tower) => (tower === "clip_vision_model" ? "clip" : "features"),
  // Pixtral's own repositories are of this type.
  markup: lineMarkup,
};

/** LLaVA-OneVision: SigLIP's features. */
export const llavaOnevision: Family = { type: "llava_onevision", path: () => "features" };

/** FastVLM: features of a convolutional tower, Qwen2's language model. */
export const llavaQwen2: Family = { type: "llava_qwen2", path: () => "features" };
