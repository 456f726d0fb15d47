export type { Dtype, Tensor, TensorArrays } from "./dtypes.js";
export { type EncodeSafetensorsOptions, encodeSafetensors } from "./encode.js";
export { MAX_HEADER_BYTES, MAX_TENSORS } from "./header.js";
export { type ParseSafetensorsOptions, parseSafetensors, type Safetensors } from "./parse.js";
