/** @file Options of a question, checked before any work is done. */
import {
  checkedTold,
  knownOptions,
  MAX_NEW_TOKENS,
  type RowFact,
  refusalFor,
  shape,
  type Told,
} from "../core/index.js";
import { COMPRESSION, chooseMethod } from "./compression.js";
import type {
  AskOptions,
  ChatOptions,
  CompressionOptions,
  EncodeImageOptions,
  Recovery,
  TurnOptions,
} from "./engine.js";
import { type CheckedGeneration, checkedGeneration, GENERATION_NAMES } from "./generation.js";
import { IMAGE, type ReadImage } from "./image-input.js";
import {
  type Asked,
  askedMessages,
  assertQuestion,
  type Conversation,
  conversationOf,
  type TakenQuestion,
  takeMessages,
  takeQuestion,
} from "./messages.js";
import type { ModelParts } from "./model-parts.js";

const refuse = refusalFor("ask");

/** How images are compressed and what the decoder is told of their rows, with what the caller left out. */
export interface CompressionSettings
  extends Required<{ readonly [N in "compression" | "imageBudget"]: NonNullable<CompressionOptions[N]> }>,
    Told {
  /** What the caller asked for in words, rather than left to the defaults. */
  readonly explicit: Readonly<Record<RowFact, boolean>>;
}

/** A question with its options, checked. */
export interface TurnRequest extends Conversation, CompressionSettings {
  readonly relevanceText: string;
  readonly maxNewTokens: number;
  readonly prompt?: string;
  readonly generation?: CheckedGeneration;
  readonly firstLogits: boolean;
  readonly signal?: AbortSignal;
  readonly recovery: Recovery;
}

/** A question whose images are read. */
export interface ReadRequest extends Omit<TurnRequest, "images"> {
  readonly images: readonly ReadImage[];
  /** Milliseconds that reading them took. */
  readonly reading: number;
}

/** Options of a question whose images are taken, each read once. */
export type TakenOptions = Omit<AskOptions, keyof Asked | "signal" | "generation"> &
  TakenQuestion & { readonly signal?: AbortSignal; readonly generation?: CheckedGeneration };

/** The beginning of a conversation, whose images are taken. */
export type TakenChatOptions = Omit<ChatOptions, keyof Asked> & Required<Pick<TakenQuestion, "messages" | "images">>;

/** The conversation that a question is a turn of. */
export interface ChatTurn extends Pick<TurnRequest, "recovery">, Partial<Pick<TakenQuestion, "messages" | "images">> {
  readonly compression: CompressionSettings;
  /** Number of messages that are answered. */
  readonly answered: number;
}

/** A signal as AbortController gives it. */
export const SIGNAL = shape.optional(shape.value<AbortSignal>("an AbortSignal", isSignal));
/** Of an option that has a check of its own: that it can be read. */
const CHECKED = shape.optional(shape.anything);
/** Every known option has its place in one of these tables; any other name is refused. */
type Shapes<O> = { readonly [N in keyof Required<O>]: shape.Shape<unknown> };
const IMAGES = { image: shape.optional(IMAGE), images: shape.optional(shape.list(IMAGE)) };
const COMPRESSING = {
  compression: CHECKED,
  imageBudget: CHECKED,
  positions: CHECKED,
  mass: CHECKED,
} satisfies Shapes<CompressionOptions>;
const TURN = {
  ...IMAGES,
  question: CHECKED,
  messages: CHECKED,
  relevanceText: CHECKED,
  maxNewTokens: shape.optional(shape.integer(1)),
  generation: CHECKED,
  firstLogits: shape.optional(shape.flag),
  signal: SIGNAL,
} satisfies Shapes<TurnOptions>;
const ASK = { ...TURN, ...COMPRESSING, prompt: shape.optional(shape.text) } satisfies Shapes<AskOptions>;
const CHAT = { ...IMAGES, ...COMPRESSING, messages: CHECKED, recovery: CHECKED } satisfies Shapes<ChatOptions>;
const ENCODE = { signals: shape.optional(shape.flag), signal: SIGNAL } satisfies Shapes<EncodeImageOptions>;
/** Names that belong into one of the options. */
const INSIDE = { compression: Object.keys(COMPRESSION), generation: GENERATION_NAMES };

function isSignal(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { aborted, throwIfAborted, addEventListener, removeEventListener } = value as AbortSignal;
  const methods = [throwIfAborted, addEventListener, removeEventListener];
  return typeof aborted === "boolean" && methods.every((method) => typeof method === "function");
}

/** Options of a chat, with its images as they are now. @throws InvalidInputError for options that do not fit. */
export function takenChatOptions(given: ChatOptions): TakenChatOptions {
  const { messages, image, images, ...options } = knownOptions("chat", given, CHAT, INSIDE);
  const asked = takeQuestion({ image, images });
  return { ...options, images: asked.images, messages: takeMessages(messages ?? []) };
}

/** Options of a question, with its images as they are now. @throws InvalidInputError for options that do not fit. */
export function takenOptions(given: AskOptions | TurnOptions, inChat: boolean): TakenOptions {
  const { question, image, images, messages, signal, generation, ...options } = knownOptions<AskOptions>(
    "ask",
    given,
    inChat ? TURN : ASK,
    INSIDE,
  );
  return {
    ...options,
    ...takeQuestion({ question, image, images, messages }),
    ...(signal !== undefined && { signal: signal as AbortSignal }),
    ...(generation !== undefined && { generation: checkedGeneration(generation) }),
  };
}

/** @throws InvalidInputError for options of `encodeImage` that do not fit. */
export function checkedEncodeOptions(options: EncodeImageOptions): { signals?: boolean; signal?: AbortSignal } {
  return knownOptions("encodeImage", options, ENCODE) as { signals?: boolean; signal?: AbortSignal };
}

/**
 * The request of one question.
 *
 * @throws InvalidInputError for options that do not fit each other or the model.
 */
export function checkedRequest(model: ModelParts, options: TakenOptions, chat?: ChatTurn): TurnRequest {
  const { prompt, maxNewTokens = MAX_NEW_TOKENS, signal, generation, firstLogits = false } = options;
  const { recovery = "none", messages = [], images = [], answered = 0 } = chat ?? {};
  const asked = askedMessages(options, images);
  const { relevanceText = asked.question } = options;
  assertQuestion(relevanceText);
  model.decoder.assertGeneration(generation);
  const conversation = conversationOf([...messages, ...asked.messages], answered);
  const compression = chat?.compression ?? checkedCompression(model, options);
  const asking = { recovery, maxNewTokens, generation, firstLogits, signal };
  return { ...conversation, relevanceText, prompt, ...compression, ...asking };
}

/**
 * How images are compressed, with what the caller leaves out.
 *
 * @throws InvalidInputError for a method that the model has no signals for, and for what its decoder cannot be told.
 */
export function checkedCompression(
  { manifest, decoder, name }: ModelParts,
  { compression: given = {}, imageBudget = "each", positions, mass }: CompressionOptions,
): CompressionSettings {
  const compression = shape.options(given, COMPRESSION, refuse, "compression");
  if (imageBudget !== "each" && imageBudget !== "shared") throw refuse("imageBudget each or shared", imageBudget);
  const told = checkedTold("ask", { name, untold: decoder.untold }, { positions, mass });
  chooseMethod(manifest, compression);
  return {
    compression,
    imageBudget,
    ...told,
    explicit: { positions: positions !== undefined, mass: mass !== undefined },
  };
}
