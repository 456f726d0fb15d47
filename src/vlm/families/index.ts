/** @file The model families that are supported. A new one is a name in the list, in a file of its own or in that of its kin. */
import { refusalFor } from "../../core/index.js";
import type { Family } from "./family.js";
import { gemma3 } from "./gemma3.js";
import { idefics3, smolvlm } from "./idefics3.js";
import { llava, llavaOnevision, llavaQwen2 } from "./llava.js";
import { mistral3 } from "./mistral3.js";
import { paligemma } from "./paligemma.js";
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
