/** Files and pictures: the parts that need Node. */
export * from "./files/index.js";
export * from "./onnx/node/index.js";
export { EXAMPLE_PICTURE, loadVlm, modelFolder, type Vlm } from "./vlm/transformers/node/index.js";
export * from "./world/node/index.js";
