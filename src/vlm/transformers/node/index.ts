/** @file Vision-language models on transformers.js in Node. */
export * from "../../index.js";
export { loadVlm } from "./load.js";
export { EXAMPLE_IMAGE, modelFolder } from "./model-folder.js";
export { isModelId } from "./model-id.js";
