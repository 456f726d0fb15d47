/** @file Options of a question, checked before any work is done. */
import { refusalFor } from "../core/index.js";
import { chooseMethod } from "./compression.js";
import type { ImageInput } from "./encoded-image.js";
import type { AskOptions, CompressionOptions, Recovery } from "./engine.js";
import { askedMessages, assertQuestion, type Conversation, conversationOf, type Message } from "./messages.js";
import type { Generation, ModelParts } from "./model-parts.js";

/** Default of `maxNewTokens`: a sentence or two. */
const MAX_NEW_TOKENS = 64;

const refuse = refusalFor("ask");

/** A question with its options, checked. */
export interface TurnRequest extends Conversation, Required<CompressionOptions> {
  readonly relevanceText: string;
  /** The whole prompt, instead of what the chat template makes of the messages. */
  readonly prompt?: string;
  readonly recovery: Recovery;
  readonly maxNewTokens: number;
  readonly generation?: Generation;
  readonly signal?: AbortSignal;
}

/** Parts of a conversation that come before the question. */
interface Before {
  readonly recovery?: Recovery;
  readonly messages?: readonly Message[];
  /** Images of the first question. */
  readonly images?: readonly ImageInput[];
}

/**
 * The request of one question.
 *
 * @throws InvalidInputError for options that do not fit each other or the model.
 */
export function checkedRequest(
  model: ModelParts,
  options: AskOptions,
  { recovery = "none", messages = [], images = [] }: Before = {},
): TurnRequest {
  const { prompt, maxNewTokens = MAX_NEW_TOKENS, generation, signal } = options;
  const asked = askedMessages(options, images);
  const { relevanceText = asked.question } = options;
  assertQuestion(relevanceText);
  if (!Number.isInteger(maxNewTokens) || maxNewTokens < 1) {
    throw refuse("maxNewTokens as a whole number from 1", String(maxNewTokens));
  }
  model.decoder.assertGeneration(generation);
  const conversation = conversationOf([...messages, ...asked.messages]);
  const settings = { ...checkedCompression(model, options), recovery, maxNewTokens, generation, signal };
  return { ...conversation, relevanceText, prompt, ...settings };
}

/**
 * How images are compressed, with what the caller leaves out.
 *
 * @throws InvalidInputError for a method that the model has no signals for, and positions that its decoder does not take.
 */
export function checkedCompression(
  { manifest, decoder, name }: ModelParts,
  { compression = {}, imageBudget = "each", positions = "compact" }: CompressionOptions,
): Required<CompressionOptions> {
  if (imageBudget !== "each" && imageBudget !== "shared")
    throw refuse("imageBudget each or shared", String(imageBudget));
  if (positions !== "compact" && positions !== "original")
    throw refuse("positions compact or original", String(positions));
  if (positions === "original" && !decoder.takesPositions)
    throw refuse("positions compact", `original, and the decoder of ${name} takes no position_ids`);
  chooseMethod(manifest, compression);
  return { compression, imageBudget, positions };
}
