export * from "./eval/answer-run.js";
export { readRun } from "./eval/read-run.js";
export { type ReadTaskOptions, readTask } from "./eval/read-task.js";
export * from "./eval/run-evaluation.js";
export { readScores, writeMachine } from "./eval/write-results.js";
export * from "./file-errors.js";
/** Files and pictures: the parts that need Node. */

export { modelFolder } from "./model-files.js";
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
