/** @file The model families that are supported. A new one is a file beside this one and a name in the list. */
import { refusalFor } from "../../core/index.js";
import type { Family } from "./family.js";
import { gemma3 } from "./gemma3.js";
import { idefics3 } from "./idefics3.js";
import { llava } from "./llava.js";
import { llavaOnevision } from "./llava-onevision.js";
import { llavaQwen2 } from "./llava-qwen2.js";
import { mistral3 } from "./mistral3.js";
import { paligemma } from "./paligemma.js";
import { smolvlm } from "./smolvlm.js";
import { UNSUPPORTED } from "./unsupported.js";

export type { Family, FamilyPath, ImageMarkup } from "./family.js";

const FAMILIES: readonly Family[] = [llava, llavaOnevision, llavaQwen2, idefics3, smolvlm, gemma3, paligemma, mistral3];

/**
 * The family of a model.
 *
 * @param modelType `model_type` of config.json.
 * @throws InvalidInputError for one that is not supported, with the reason.
 */
export function familyOf(modelType: unknown): Family {
  const family = FAMILIES.find(({ type }) => type === modelType);
  if (family !== undefined) return family;
  const name = typeof modelType === "string" ? modelType : "none";
  const reason = Object.hasOwn(UNSUPPORTED, name) ? UNSUPPORTED[name] : "it is not known";
  const names = FAMILIES.map(({ type }) => type).join(", ");
  throw refusalFor("loadVlm")(`a model of a family that is supported (${names})`, `${name}: ${reason}`);
}
