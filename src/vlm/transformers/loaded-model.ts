/** @file A loaded model: what `ask` and `chat` work with. */

import type { RgbImage } from "../../core/index.js";
import { createTokenTable, InvalidInputError, type TokenTable } from "../../core/index.js";
import type { ModelManifest } from "../manifest.js";
import type { StageClock, StageTimes } from "../stages.js";
import type { ImageProcessor } from "./clip-encoder.js";
import type { Host, HostTensor } from "./host.js";
import type { ImageEncoder, Sight } from "./image-encoder.js";
import type { HostModel } from "./prefill.js";

/** What the environment's decoder takes: a path, an address, a Blob, encoded bytes. */
export type ImageSource = string | URL | Blob | Uint8Array;

/**
 * A picture after its vision pass: `Vlm.see` makes one, and any number of asks and chats of the same model take it without another
 * pass. Plain memory, freed when nothing holds it.
 */
export interface EncodedImage {
  readonly sight: Sight;
  /** Whose pass it was. */
  readonly encoder: ImageEncoder;
  /** What it took: decoding, preprocessing and the tower. Asks about it count none of this. */
  readonly timings: StageTimes;
}

/** A picture: pixels, where they are, or what a model has seen of it. */
export type ImageInput = RgbImage | EncodedImage | ImageSource;

/** The parts of a loaded model, and how its environment decodes pictures. */
export interface LoadedVlm {
  readonly host: Host;
  readonly name: string;
  readonly manifest: ModelManifest;
  readonly model: HostModel;
  readonly processor: HostProcessor;
  readonly encoder: ImageEncoder;
  /** The picture's placeholder, as id and as text. */
  readonly imageToken: number;
  readonly imageText: string;
  readonly decode: (source: ImageSource) => Promise<RgbImage>;
}

/** The host's processor, as it is used here. */
export interface HostProcessor {
  readonly image_processor: ImageProcessor;
  readonly tokenizer: Tokenizer;
  readonly apply_chat_template: RenderChat;
}

/** Messages as the text of a prompt, a placeholder where a picture is. */
export type RenderChat = (messages: readonly Message[], options: { add_generation_prompt: boolean }) => string;

export interface Tokenizer {
  /** What begins a prompt, if anything does. */
  readonly bos_token?: string | null;
  (text: string, options?: object): { input_ids: HostTensor | number[] };
  decode(ids: readonly number[], options?: object): string;
}

export interface Message {
  readonly role: "user" | "assistant";
  readonly content: readonly ({ readonly type: "image" } | { readonly type: "text"; readonly text: string })[];
}

/** True for pixels, false for where they are. */
export function isPicture(source: RgbImage | ImageSource): source is RgbImage {
  if (source === null || (typeof source !== "object" && typeof source !== "string")) {
    throw new InvalidInputError({ operation: "ask", expected: "a picture, or where it is", got: String(source) });
  }
  return typeof source === "object" && "width" in source && "height" in source && "data" in source;
}

/** True for what a model has seen of a picture. */
export function isSeen(source: ImageInput): source is EncodedImage {
  return typeof source === "object" && source !== null && "sight" in source && "encoder" in source;
}

/** A picture as the host's image class. @throws InvalidInputError unless there are three bytes per pixel. */
export function hostImage({ RawImage }: Host, { width, height, data }: RgbImage): unknown {
  if (!(width >= 1 && height >= 1) || data.length !== 3 * width * height) {
    throw new InvalidInputError({
      operation: "ask",
      expected: "a picture of width x height x 3 bytes",
      got: `${width} x ${height} and ${data.length} bytes`,
    });
  }
  return new RawImage(data as Uint8ClampedArray, width, height, 3);
}

/** The table of one picture for one question. */
export async function tableOf(
  { encoder, manifest }: Pick<LoadedVlm, "encoder" | "manifest">,
  sight: Sight,
  question: string,
  clock: StageClock,
): Promise<TokenTable> {
  const columns = await encoder.columns(sight, question, clock);
  const { textPolarity } = manifest;
  return clock.time("signals", () =>
    createTokenTable({ features: sight.features, grids: sight.grids, ...columns, textPolarity }),
  );
}

/** Ids of a text. @param special whether the tokenizer adds its own, as at the start of a prompt. */
export function textIds(tokenizer: Tokenizer, text: string, special: boolean): number[] {
  const { input_ids } = tokenizer(text, { add_special_tokens: special, return_tensor: false });
  return Array.from(input_ids as number[], Number);
}

/**
 * Ids of a whole prompt. A template that writes the begin token itself gets no second one of the tokenizer, as in transformers'
 * `ProcessorMixin.apply_chat_template` (5.23).
 */
export function promptTextIds(tokenizer: Tokenizer, prompt: string): number[] {
  const { bos_token: begin } = tokenizer;
  return textIds(tokenizer, prompt, !begin || !prompt.startsWith(begin));
}

/** @throws InvalidInputError unless it is a text of at least one character. */
export function assertQuestion(question: unknown): asserts question is string {
  if (typeof question !== "string" || question.trim() === "") {
    throw new InvalidInputError({
      operation: "ask",
      expected: "a question",
      got: typeof question === "string" ? "an empty text" : typeof question,
    });
  }
}
