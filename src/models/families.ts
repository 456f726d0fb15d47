/** @file Which families of vision-language models are served, and why others are not. */
import { InvalidInputError } from "../core/index.js";

/**
 * How a family's visual tokens can be reached. `clip`: a CLIP tower with class token, cut into trunk, tail and projector. `features`:
 * what the stock vision encoder gives, and the language model's word embeddings; no class token, no keys.
 */
export type FamilyPath = "clip" | "features";

/** `model_type` of config.json of the families that are served. */
const SERVED: Readonly<Record<string, FamilyPath>> = {
  llava: "clip",
  llava_onevision: "features",
  idefics3: "features",
  smolvlm: "features",
};

/** Families that people will try, with the reason why they are refused. */
const REFUSED: Readonly<Record<string, string>> = {
  qwen2_vl: "its positions follow the picture's grid (M-RoPE), which compression would have to rewrite",
  qwen2_5_vl: "its positions follow the picture's grid (M-RoPE), which compression would have to rewrite",
  qwen3_vl: "its positions follow the picture's grid (M-RoPE), which compression would have to rewrite",
  qwen3_vl_moe: "its positions follow the picture's grid (M-RoPE), which compression would have to rewrite",
  qwen3_5: "its positions follow the picture's grid (M-RoPE), which compression would have to rewrite",
  qwen3_5_moe: "its positions follow the picture's grid (M-RoPE), which compression would have to rewrite",
  glm_ocr: "its positions follow the picture's grid (M-RoPE), which compression would have to rewrite",
  florence2: "it is an encoder-decoder without placeholders for the picture",
  phi3_v: "its picture is merged inside the ONNX graph",
  multi_modality: "its picture is merged inside the ONNX graph",
  gemma3n: "its decoder takes inputs per layer beside the visual tokens",
  gemma4: "its decoder takes inputs per layer beside the visual tokens",
};

/** Families of the same merge that nobody has tried here. */
const UNTRIED = ["paligemma", "gemma3", "mistral3", "llava_qwen2", "moondream1", "lighton_ocr", "lfm2_vl"];

/**
 * How a family is served.
 *
 * @param modelType `model_type` of config.json.
 * @param tower `vision_config.model_type`: a LLaVA may have a tower other than CLIP.
 * @throws InvalidInputError for a family that is not, with the reason.
 */
export function familyPath(modelType: unknown, tower: unknown): FamilyPath {
  const name = typeof modelType === "string" ? modelType : "none";
  const path = Object.hasOwn(SERVED, name) ? SERVED[name] : undefined;
  // A LLaVA with SigLIP has no class token.
  if (path === "clip" && tower !== "clip_vision_model") return "features";
  if (path !== undefined) return path;
  if (Object.hasOwn(REFUSED, name)) throw refusal(name, REFUSED[name]);
  throw refusal(
    name,
    UNTRIED.includes(name) ? "its merge is the stock one, but it has not been tried" : "it is not known",
  );
}

function refusal(name: string, reason: string): InvalidInputError {
  return new InvalidInputError({
    operation: "loadVlm",
    expected: `a model of a family that is served (${Object.keys(SERVED).join(", ")})`,
    got: `${name}: ${reason}`,
  });
}
