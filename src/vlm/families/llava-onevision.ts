/** @file LLaVA-OneVision: SigLIP's features. */
import type { Family } from "./family.js";

/** LLaVA-OneVision. */
export const llavaOnevision: Family = { type: "llava_onevision", path: () => "features" };
