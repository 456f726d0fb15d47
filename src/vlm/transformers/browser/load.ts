/** @file Vision-language models on transformers.js in a browser: from the page's server or Hugging Face, images as the page has them. */
import { refusalFor } from "../../../core/index.js";
import type { Host, ImageSource, LoadOptions, RgbImage, Vlm } from "../../index.js";
import { loadVlmFrom } from "../load.js";
import { checkedLoadOptions } from "../load-parts.js";
import { type WebSettings, webFiles } from "./web-files.js";

export * from "../../index.js";

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
  const files = webFiles(host.env as unknown as WebSettings, source, options.signal);
  return loadVlmFrom({ host, files, decodeImage: (source) => decode(host, source) }, options);
}

/** An image by the browser's own decoder. */
async function decode({ RawImage }: Host, source: ImageSource): Promise<RgbImage> {
  const read = source instanceof Uint8Array ? new Blob([source as Uint8Array<ArrayBuffer>]) : source;
  try {
    const { width, height, data } = (await RawImage.read(read as never)).rgb();
    return { width, height, data: data as Uint8ClampedArray };
  } catch (cause) {
    const name = source instanceof Uint8Array ? "the bytes" : String(source);
    throw refusalFor("ask")("an image that the browser can decode", `${name}: ${(cause as Error).message}`, cause);
  }
}
