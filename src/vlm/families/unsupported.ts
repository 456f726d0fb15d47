/** @file Families that people will try, with the reason why they are refused. By `model_type` of config.json. */

const GRID_POSITIONS = "its positions follow the image's grid (M-RoPE), which compression would have to rewrite";
const MERGE_IN_GRAPH = "its image is merged inside the ONNX graph";
const INPUTS_PER_LAYER = "its decoder takes inputs per layer beside the visual tokens";
const UNTRIED = "its merge is the stock one, but it has not been tried";

/** Reasons by `model_type`. */
export const UNSUPPORTED: Readonly<Record<string, string>> = {
  qwen2_vl: GRID_POSITIONS,
  qwen2_5_vl: GRID_POSITIONS,
  qwen3_vl: GRID_POSITIONS,
  qwen3_vl_moe: GRID_POSITIONS,
  qwen3_5: GRID_POSITIONS,
  qwen3_5_moe: GRID_POSITIONS,
  glm_ocr: GRID_POSITIONS,
  florence2: "it is an encoder-decoder without placeholders for the image",
  phi3_v: MERGE_IN_GRAPH,
  multi_modality: MERGE_IN_GRAPH,
  gemma3n: INPUTS_PER_LAYER,
  gemma4: INPUTS_PER_LAYER,
  moondream1: UNTRIED,
  lighton_ocr: UNTRIED,
  lfm2_vl: UNTRIED,
};
