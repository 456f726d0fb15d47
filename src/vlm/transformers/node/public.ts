/** @file `recoup/transformers` in Node: vision-language models from the package, a folder or Hugging Face. */
export * from "../../index.js";
export { EXAMPLE_IMAGE, loadVlm, modelFolder } from "./index.js";
