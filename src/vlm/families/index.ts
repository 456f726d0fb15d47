/** @file Which families of vision-language models are served, and why others are not. */
import { InvalidInputError } from "../../core/index.js";

/**
 * How a family's visual tokens can be reached. `clip`: a CLIP tower with class token, cut into trunk, tail and projector. `features`:
 * what the stock vision encoder gives, and the language model's word embeddings; no class token, no keys.
 */
export type FamilyPath = "clip" | "features";

/** A family that is served. */
export interface Family {
  readonly path: FamilyPath;
  /** Chat template of a family whose folders have none. */
  readonly template?: string;
  /** Positions of its language model where config.json says nothing. */
  readonly positions?: number;
  /** Whether all of a prompt sees all of it, so that it has to go in at once. */
  readonly prefix?: true;
}

/**
 * A picture, the begin token, the text, a line's end: the prompt that PaliGemma was trained with (arXiv 2407.07726), as
 * transformers.js's PaliGemmaProcessor writes it. The line's end parts the prompt from the answer, so there is no second turn. The
 * braces keep it from the template engine, which drops a template's last one.
 */
const PALIGEMMA = [
  "{% if messages | length > 1 %}{{ raise_exception('PaliGemma answers one question, without a conversation') }}{% endif %}",
  "{% for part in messages[0].content %}{% if part.type == 'image' %}<image>{% endif %}{% endfor %}{{ bos_token }}",
  "{% for part in messages[0].content %}{% if part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}{{ '\\n' }}",
].join("");

/** By `model_type` of config.json. */
const SERVED: Readonly<Record<string, Family>> = {
  llava: { path: "clip" },
  llava_onevision: { path: "features" },
  llava_qwen2: { path: "features" },
  idefics3: { path: "features" },
  smolvlm: { path: "features" },
  // Published files leave out what is the default of transformers' Gemma3TextConfig and GemmaConfig (5.23).
  gemma3: { path: "features", positions: 131072 },
  paligemma: { path: "features", positions: 8192, template: PALIGEMMA, prefix: true },
  mistral3: { path: "features" },
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
const UNTRIED = ["moondream1", "lighton_ocr", "lfm2_vl"];

/**
 * How a family is served.
 *
 * @param modelType `model_type` of config.json.
 * @param tower `vision_config.model_type`: a LLaVA may have a tower other than CLIP.
 * @throws InvalidInputError for a family that is not, with the reason.
 */
export function familyPath(modelType: unknown, tower: unknown): FamilyPath {
  const name = typeof modelType === "string" ? modelType : "none";
  const path = served(name)?.path;
  // A LLaVA with SigLIP has no class token.
  if (path === "clip" && tower !== "clip_vision_model") return "features";
  if (path !== undefined) return path;
  if (Object.hasOwn(REFUSED, name)) throw refusal(name, REFUSED[name]);
  throw refusal(
    name,
    UNTRIED.includes(name) ? "its merge is the stock one, but it has not been tried" : "it is not known",
  );
}

/** What is particular to a family that is served. */
export function familyFacts(modelType: unknown): Omit<Family, "path"> {
  return served(modelType) ?? {};
}

function served(name: unknown): Family | undefined {
  return typeof name === "string" && Object.hasOwn(SERVED, name) ? SERVED[name] : undefined;
}

function refusal(name: string, reason: string): InvalidInputError {
  return new InvalidInputError({
    operation: "loadVlm",
    expected: `a model of a family that is served (${Object.keys(SERVED).join(", ")})`,
    got: `${name}: ${reason}`,
  });
}
