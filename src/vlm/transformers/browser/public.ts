/** @file `recoup/transformers` in browsers: vision-language models from the page's server or Hugging Face. */
export * from "../../index.js";
export { loadVlm } from "./load.js";
