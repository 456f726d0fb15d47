/** ONNX files on disk: opened with what they keep outside, written in pieces, tap plans remembered. */
export { assertExternalData, type OpenedModel, openOnnxFile } from "./external-data.js";
export { writeOnnx } from "./onnx-file.js";
export { cachedTapPlan } from "./tap-plan-cache.js";
