/** @file ONNX files on disk: opened with their external data, written in pieces; kept split plans. */
export { assertExternalData, type OpenedModel, openOnnxFile } from "./external-data.js";
export { writeOnnx } from "./write-onnx.js";
