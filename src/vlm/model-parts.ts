/** @file The parts of a model, as the pipeline needs them: an encoder of images, a writer of prompts, a decoder that answers. */
import type { ImageSource, PositionPlanes, RgbImage, Untold } from "../core/index.js";
import type { Matrix } from "../math/index.js";
import type { ImageEncoder } from "./encoded-image.js";
import type { CheckedGeneration } from "./generation.js";
import type { ModelManifest } from "./manifest.js";
import type { TemplateMessage } from "./messages.js";
import type { StageClock } from "./stages.js";

/** The parts of a model that answer together. */
export interface ModelParts {
  readonly name: string;
  readonly manifest: ModelManifest;
  readonly encoder: ImageEncoder;
  readonly prompts: PromptWriter;
  readonly decoder: Decoder;
  /** Reads an image file as the environment does. */
  readonly decodeImage: (source: ImageSource, signal?: AbortSignal) => Promise<RgbImage>;
}

/** Writes prompts of one model: its chat template and tokenizer. */
export interface PromptWriter {
  /** The placeholder of an image, as id and as text. */
  readonly imageToken: number;
  readonly imageText: string;
  /** The text of a prompt, with one placeholder per image. @param ask whether an answer is to follow. */
  render(messages: readonly TemplateMessage[], ask: boolean): string;
  /** Ids of a whole prompt. */
  promptIds(text: string): number[];
  /** Ids of a text without any that a tokenizer adds. */
  textIds(text: string): number[];
  /** The text of an answer. */
  decode(ids: readonly number[]): string;
}

/** A language model that takes token embeddings. */
export interface Decoder {
  /** What it cannot be told about its rows, and why: it counts positions by itself, hears every row as one token. */
  readonly untold: Untold;
  /** Embeddings of ids, `[T, D]`. */
  embed(ids: readonly number[]): Promise<Matrix>;
  /** @throws InvalidInputError for options that it cannot follow. */
  assertGeneration(generation: CheckedGeneration | undefined): void;
  /** An empty sequence. */
  begin(): Sequence;
  release(): Promise<void>;
}

/** Everything that the decoder has been fed of a conversation, with its keys and values. */
export interface Sequence {
  /** Tokens in it. */
  readonly length: number;
  /** Bytes of keys and values that one token takes. */
  readonly bytesPerToken: number;
  /** False where the answer of a fork has freed memory that both shared (on a GPU): then nothing can continue it. */
  readonly isWhole: boolean;
  /** One that begins with all of this one. */
  fork(): Sequence;
  /**
   * Feeds a prompt and answers. The sequence then holds everything but the answer's last token. The time to the first token is added to
   * the stage `prefill`, the rest to `decode`.
   *
   * @returns the answer's ids, at least one, with the end token if there is one.
   * @throws the signal's reason when it is aborted: generation stops within one token.
   */
  answer(prompt: DecoderPrompt): Promise<number[]>;
  dispose(): Promise<void>;
}

/** Token embeddings to answer, and how. */
export interface DecoderPrompt {
  /** Ids of the prompt, T at least 1, its embeddings, `[T, D]`, and positions, `[P][T]`. */
  readonly ids: readonly number[];
  readonly rows: Matrix;
  readonly positions: PositionPlanes;
  /** Position of the answer's first token, in every plane. */
  readonly nextPosition: number;
  /** What is added to the scores of each token as a key, of those in the sequence and of the prompt's, `[L + T]`. Undefined: nothing. */
  readonly biases?: Float32Array;
  readonly maxNewTokens: number;
  readonly generation?: CheckedGeneration;
  readonly signal?: AbortSignal;
  /** Called with what the model gives for the answer's first token, before anything changes it: logits, `[V]`. */
  readonly hearFirst?: (logits: Float32Array) => void;
  /** Called with the text as it comes. */
  readonly emit: (piece: string) => void;
  readonly clock: StageClock;
}
