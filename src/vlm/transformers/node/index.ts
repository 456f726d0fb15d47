/** @file Vision-language models on transformers.js in Node. */
export * from "../../index.js";
export { EXAMPLE_IMAGE, modelFolder } from "./folder.js";
export { loadVlm } from "./load.js";
