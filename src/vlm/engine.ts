/** @file An engine answers questions about images. Evaluation, command line and server know no more of a model than this. */
import type { CompressionPlan, Positions, Role, TokenTable, Told, ToldOptions, Untold } from "../core/index.js";
import type { EvidenceStrength } from "../methods/index.js";
import type { AnswerStream } from "./answer-stream.js";
import type { Compression } from "./compression.js";
import type { EncodedImage } from "./encoded-image.js";
import type { Generation } from "./generation.js";
import type { ImageInput } from "./image-input.js";
import type { ModelManifest } from "./manifest.js";
import type { Asked, Message } from "./messages.js";
import type { StageTimes } from "./stages.js";

/** A vision-language model that answers, wherever it runs. */
export interface Engine {
  /** The model's. */
  readonly name: string;
  readonly manifest: ModelManifest;
  readonly capabilities: EngineCapabilities;
  /** The text that stands for an image in a prompt. */
  readonly imageText: string;
  /** One vision pass, for any number of asks and chats about the image. Reads it and waits as asks do. */
  encodeImage(image: ImageInput, options?: EncodeImageOptions): Promise<EncodedImage>;
  /**
   * Answers. Await it for the result, iterate it for the pieces. Images in memory are taken as they are at the call; files and addresses
   * are read while other asks are answered. Asks of one engine wait for each other, each from when its images are there; options that do
   * not fit reject at once with an InvalidInputError.
   */
  ask(options: AskOptions): AnswerStream<AskResult>;
  /**
   * A conversation, which keeps its images' source tokens and recovers what a later question needs.
   *
   * @throws InvalidInputError for options that do not fit.
   */
  chat(options?: ChatOptions): Chat;
  /** Releases the model. Twice is as good as once. */
  dispose(): Promise<void>;
}

/** A loaded model. */
export type Vlm = Engine;

/** Abilities of an engine beyond one compressed prompt. */
export interface EngineCapabilities {
  readonly positions: readonly Positions[];
  /** Whether rows can speak as loudly as the tokens that they stand for. */
  readonly mass: boolean;
  /** Reason for each of the two that its decoder cannot be told. */
  readonly untold: Untold;
  readonly recovery: readonly Recovery[];
}

/**
 * How a later question gets tokens that the context lacks. `append`: their rows are added to the running cache, before the question;
 * nothing is computed again. `reprefill`: the whole conversation anew, with the rows in the image's place. `none`: not at all.
 */
export type Recovery = "append" | "reprefill" | "none";

/** An `AbortSignal`, as far as it is used. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Options of a vision pass. */
export interface EncodeImageOptions {
  /** Whether a method will read the image's signals (default), or none does: `none`, `random`, `uniform`, `pool`. */
  readonly signals?: boolean | undefined;
  readonly signal?: AbortSignalLike | undefined;
}

/** How images are compressed, and what the decoder is told of their rows; of a chat for every turn. */
export interface CompressionOptions extends ToldOptions {
  /** The method and its options. Default: the model's, with its own number of rows. */
  readonly compression?: Compression | undefined;
  /** Whether a budget of K rows is meant for each image or for all together. Default: `each`. */
  readonly imageBudget?: "each" | "shared" | undefined;
}

/** One question, and how it is answered. */
export interface TurnOptions extends Asked {
  /** The text that methods go by, where that is not all of the question: without instructions and lettered options. */
  readonly relevanceText?: string | undefined;
  /** Default: 64. */
  readonly maxNewTokens?: number | undefined;
  /** How the next token is chosen. Default: always the likeliest. */
  readonly generation?: Generation | undefined;
  /** Whether the result has the logits of the answer's first token. Default: no. */
  readonly firstLogits?: boolean | undefined;
  /** Stops the reading of an image, and an answer within one token; takes a question that waits out of the queue. */
  readonly signal?: AbortSignalLike | undefined;
}

/** A question by itself. */
export interface AskOptions extends TurnOptions, CompressionOptions {
  /**
   * The whole prompt instead of what the model's chat template makes of the messages, with the model's placeholder (`imageText`) once
   * per image: for benchmarks whose wording is fixed.
   */
  readonly prompt?: string | undefined;
}

/** An answer, with all that was decided and measured on the way. */
export interface AskResult {
  readonly answer: string;
  readonly tokenIds: readonly number[];
  /** Where asked for: the model's logits of the answer's first token, `[V]`, before any option of generation changes them. */
  readonly firstLogits?: Float32Array;
  /** Ids that were fed for this answer, a placeholder where a visual row stands; of a later turn those on top of the cache. */
  readonly promptIds: readonly number[];
  /** Positions of these ids, by plane, `[P][T]`. */
  readonly positionIds: readonly (readonly number[])[];
  readonly method: string;
  readonly model: string;
  /** The rows of each image in the context. */
  readonly plans: readonly CompressionPlan[];
  /** The signals that each image's plan was decided by. */
  readonly tables: readonly TokenTable[];
  /** Visual tokens before and after, and the whole prompt after. */
  readonly tokens: { readonly source: number; readonly kept: number; readonly prompt: number };
  readonly roles: Readonly<Record<Role, number>>;
  /** What the decoder was told about these rows, and reasons for what it should have been told and was not. */
  readonly told: Told;
  /** How clearly the question points at something, by image; undefined where no text of a known polarity was held against its tokens. */
  readonly evidence: readonly (EvidenceStrength | undefined)[];
  /** By stage; `firstToken`: from the start to the first token; `decodePerToken`: of each after it. */
  readonly timings: StageTimes & {
    readonly firstToken: number;
    readonly decodePerToken: number;
    readonly total: number;
  };
  /** Keys and values of the prompt: as they are, and as they would be with all visual tokens. */
  readonly kvBytes: { readonly full: number; readonly kept: number };
}

/** The beginning of a conversation. */
export interface ChatOptions extends CompressionOptions {
  /** Images of the first question. */
  readonly image?: ImageInput | undefined;
  readonly images?: readonly ImageInput[] | undefined;
  /** Messages before the first question: a system message, earlier turns. */
  readonly messages?: readonly Message[] | undefined;
  /** Default: `append`. */
  readonly recovery?: Recovery | undefined;
}

/** An answer within a conversation. */
export interface TurnResult extends AskResult {
  /** From 1. */
  readonly turn: number;
  /** Source ids of each image that came back into the context at this turn, ascending; none of an image that is new. */
  readonly recovered: readonly (readonly number[])[];
}

/** A conversation. */
export interface Chat {
  /** The next question, with new images or without. A turn that fails or is stopped leaves the conversation as it was before. */
  ask(options: TurnOptions): AnswerStream<TurnResult>;
  /** The rows of each image in the context; none before the first answer. */
  readonly context: readonly CompressionPlan[];
  dispose(): Promise<void>;
}
