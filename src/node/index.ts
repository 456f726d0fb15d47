/** Files and pictures: the parts that need Node. */
export * from "./external-data.js";
export * from "./file-errors.js";
export { type Machine, thisMachine } from "./machine.js";
export { EXAMPLE_PICTURE, modelFolder } from "./model-files.js";
export * from "./onnx-file.js";
export * from "./optional-package.js";
export * from "./png.js";
export * from "./read-image.js";
export * from "./safetensors/index.js";
export * from "./safetensors-file.js";
export * from "./synth/write-benchmark.js";
export * from "./synth/write-training.js";
export * from "./tap-plan-cache.js";
export * from "./token-table-file.js";
export { loadVlm, type Vlm } from "./transformers.js";
export * from "./write-file.js";
