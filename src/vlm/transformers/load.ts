/** @file Loads a vision-language model in transformers.js layout, its vision side cut into parts. */

import type { RgbImage } from "../../core/index.js";
import { InvalidInputError } from "../../core/index.js";
import { type AnswerStream, answerStream } from "../answer-stream.js";
import { type ModelManifest, modelManifest } from "../manifest.js";
import { type AskOptions, type AskResult, ask, type EncodeImageOptions, encodeImage } from "./ask.js";
import { type Chat, type ChatOptions, startChat } from "./chat.js";
import { chatTemplate } from "./chat-template.js";
import type { ModelFiles } from "./files.js";
import type { Host } from "./host.js";
import { loadClipVlm } from "./load-clip.js";
import { loadFeatureVlm } from "./load-features.js";
import { type LoadOptions, missing } from "./load-parts.js";
import type { EncodedImage, ImageInput, ImageSource, LoadedVlm } from "./loaded-model.js";

/** What differs between Node and browsers. */
export interface Environment {
  readonly files: ModelFiles;
  readonly decode: (source: ImageSource) => Promise<RgbImage>;
}

export interface Vlm {
  readonly name: string;
  readonly manifest: ModelManifest;
  /** What stands for a picture in a prompt, as text. */
  readonly imageText: string;
  /**
   * Answers a question about pictures. Asks of one model wait for each other.
   *
   * @throws InvalidInputError at once for options that do not fit; what fails later is thrown by the answer.
   */
  ask(options: AskOptions): AnswerStream<AskResult>;
  /** One vision pass, for any number of asks and chats about the picture. Waits as asks do. */
  encodeImage(image: ImageInput, options?: EncodeImageOptions): Promise<EncodedImage>;
  /** A conversation about one picture, which keeps its source tokens and recovers what a later question needs. */
  chat(options: ChatOptions): Chat;
  /** Gives up all sessions. */
  dispose(): Promise<void>;
}

/**
 * Loads a model. One vision pass serves everything; where the tower is cut, the stock encoder is not loaded.
 *
 * @throws InvalidInputError for a family that is not served (before anything is loaded) or a file that is missing; OnnxError for a
 *   file that is damaged or cannot be cut.
 */
export async function loadVlmFrom({ files, decode }: Environment, options: LoadOptions = {}): Promise<Vlm> {
  const { signal } = options;
  const config = await files.json("config.json");
  if (config === undefined) throw missing(`config.json in ${files.name}`);
  const manifest = modelManifest(config, await files.json("manifest.json"), options);
  signal?.throwIfAborted();
  const host = options.transformers ?? ((await import("@huggingface/transformers")) as Host);
  const load = manifest.path === "clip" ? loadClipVlm : loadFeatureVlm;
  const parts = await load({ host, files, config, manifest, options });
  try {
    signal?.throwIfAborted();
    const imageToken = Number(config.image_token_index ?? config.image_token_id);
    if (!Number.isInteger(imageToken)) throw missing(`image_token_index in config.json of ${files.name}`);
    const { image_processor, tokenizer, template } = parts.processor;
    const imageText = tokenizer.decode([imageToken], { skip_special_tokens: false });
    const apply_chat_template = chatTemplate(template, { name: files.name, imageText, slot: parts.slot });
    const processor = { image_processor, tokenizer, apply_chat_template };
    const { model, encoder } = parts;
    return asVlm({ host, name: files.name, manifest, imageToken, imageText, decode, model, encoder, processor });
  } catch (error) {
    await release(parts);
    throw error;
  }
}

async function release({ model, encoder }: Pick<LoadedVlm, "model" | "encoder">): Promise<void> {
  await Promise.all([model.dispose(), encoder.release()]);
}

/** Asks one after the other: runs of one session must not overlap. */
function asVlm(loaded: LoadedVlm): Vlm {
  let last: Promise<unknown> = Promise.resolve();
  let disposed: Promise<void> | undefined;
  const queue = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
  const assertUsable = () => {
    if (disposed === undefined) return;
    throw new InvalidInputError({ operation: "ask", expected: "a model that is not disposed of", got: "one that is" });
  };
  return {
    name: loaded.name,
    manifest: loaded.manifest,
    imageText: loaded.imageText,
    ask(options) {
      assertUsable();
      const run = ask(loaded, options);
      return answerStream((emit) => queue(() => run(emit)));
    },
    async encodeImage(image, options) {
      assertUsable();
      return queue(() => encodeImage(loaded, image, options));
    },
    chat(options) {
      assertUsable();
      return startChat(loaded, options, (work) => {
        assertUsable();
        return queue(work);
      });
    },
    async dispose() {
      disposed ??= queue(() => release(loaded));
      await disposed;
    },
  };
}
