/** The safetensors format. */
export type { Dtype, Tensor, TensorArrays } from "./dtypes.js";
export { type EncodeSafetensorsOptions, encodeSafetensors } from "./encode.js";
export { type ParseSafetensorsOptions, parseSafetensors, type Safetensors } from "./parse.js";
