/** @file SmolVLM and SmolVLM2: Idefics3's layout under a name of its own. */
import type { Family } from "./family.js";
import { tileMarkup } from "./idefics3.js";

/** SmolVLM: tiles as those of Idefics3. */
export const smolvlm: Family = { type: "smolvlm", path: () => "features", markup: tileMarkup };
