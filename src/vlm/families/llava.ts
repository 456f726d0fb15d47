/** @file LLaVA-1.5 and its kin: CLIP's tower in parts, any other one (SigLIP, Pixtral) by its features. */
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
