/** @file FastVLM: features of a convolutional tower, Qwen2's language model. */
import type { Family } from "./family.js";

/** FastVLM. */
export const llavaQwen2: Family = { type: "llava_qwen2", path: () => "features" };
