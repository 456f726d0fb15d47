/** @file Vision-language models on transformers.js in a browser: from the page's server or Hugging Face, images as the page has them. */
import type { LoadOptions, Vlm } from "../../index.js";
import type { Host } from "../host.js";
import { loadVlmFrom } from "../load.js";
import { checkedLoadOptions } from "../load-settings.js";
import { decodeImage } from "./decode-image.js";
import { type WebSettings, webFiles } from "./web-files.js";

/**
 * Loads a model.
 *
 * @param source its name below `env.localModelPath`, where `env.allowLocalModels` is set, or its Hugging Face id (`owner/name`). `clip`
 *   names the CLIP files of its tower likewise, where manifest.json doesn't.
 * @throws as `loadVlmFrom`.
 */
export async function loadVlm(source: string, given: LoadOptions = {}): Promise<Vlm> {
  const options = checkedLoadOptions(given);
  const host = options.transformers ?? ((await import("@huggingface/transformers")) as Host);
  const named = (source: string) => webFiles(host.env as unknown as WebSettings, source, options);
  return loadVlmFrom({ host, files: named(source), named, decodeImage }, options);
}
