/** @file Messages: the general form of everything that is asked. A question about images is one message of the user's. */
import { refusalFor, shape } from "../core/index.js";
import { type ImageInput, type TakenImage, takeImage } from "./image-input.js";

/** A part of a message. */
export type MessagePart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image"; readonly image: ImageInput };

/** A message of a conversation. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  /** A text, or texts and images in their order. */
  readonly content: string | readonly MessagePart[];
}

/** A message as chat templates take it: an image is a placeholder only. */
export interface TemplateMessage {
  readonly role: Message["role"];
  readonly content: readonly ({ readonly type: "image" } | { readonly type: "text"; readonly text: string })[];
}

/** Messages for the template, and their images in the order of the prompt. */
export interface Conversation {
  readonly messages: readonly TemplateMessage[];
  readonly images: readonly TakenImage[];
}

/** A message whose images are taken. */
export interface TakenMessage {
  readonly role: Message["role"];
  readonly content: readonly TakenPart[];
}

type TakenPart = Extract<MessagePart, { type: "text" }> | { readonly type: "image"; readonly image: TakenImage };

/** A question, after images or without; or messages. */
export interface Asked {
  readonly question?: string | undefined;
  readonly image?: ImageInput | undefined;
  readonly images?: readonly ImageInput[] | undefined;
  /** The whole request; the last message is the user's. Instead of `question`, `image` and `images`. */
  readonly messages?: readonly Message[] | undefined;
}

/** A question whose images are taken. */
export interface TakenQuestion {
  readonly question?: string | undefined;
  readonly images: readonly TakenImage[];
  readonly messages?: readonly TakenMessage[] | undefined;
}

const PART = shape.object({
  type: shape.oneOf("text", "image"),
  text: shape.optional(shape.text),
  image: shape.optional(shape.anything),
});
const MESSAGE = shape.object({
  role: shape.oneOf("system", "user", "assistant"),
  content: shape.either(shape.text, shape.list(PART)),
});
const MESSAGES = shape.object({ messages: shape.list(MESSAGE) });

const refuse = refusalFor("ask");

/** A question with its images as they are now. @throws InvalidInputError for image and images at once, and what is no image. */
export function takeQuestion({ question, image, images, messages }: Asked): TakenQuestion {
  if (image !== undefined && images !== undefined) throw refuse("image or images", "both");
  const given = images ?? (image === undefined ? [] : [image]);
  return {
    question,
    images: given.map(takeImage),
    messages: messages === undefined ? undefined : takeMessages(messages),
  };
}

/** Messages with their images as they are now. @throws InvalidInputError for a message of another shape, and what is no image. */
export function takeMessages(messages: readonly Message[]): readonly TakenMessage[] {
  return shape.shaped({ messages }, MESSAGES, refuse).messages.map(({ role, content }) => {
    if (typeof content === "string") return { role, content: [{ type: "text", text: content }] };
    const parts = content.map(({ type, text = "", image }): TakenPart => {
      return type === "text" ? { type, text } : { type, image: takeImage(image) };
    });
    return { role, content: parts };
  });
}

function imagePart(image: TakenImage): TakenPart {
  return { type: "image", image };
}

/**
 * A question in any form, as messages.
 *
 * @param before images to show before those of the request, in the same message.
 * @returns the messages, the last of which is the user's with a text, and that text.
 * @throws InvalidInputError for messages beside a question, none, a wrong role, or no question at the end.
 */
export function askedMessages(
  { messages, question, images }: TakenQuestion,
  before: readonly TakenImage[] = [],
): { messages: readonly TakenMessage[]; question: string } {
  if (messages === undefined) {
    assertQuestion(question);
    const shown = [...before, ...images].map(imagePart);
    return { messages: [{ role: "user", content: [...shown, { type: "text", text: question }] }], question };
  }
  if (question !== undefined || images.length > 0) throw refuse("messages, or a question with images", "both");
  const last = messages.at(-1);
  if (last?.role !== "user") throw refuse("messages of which the last is the user's", last?.role ?? "none");
  const asked = last.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  assertQuestion(asked);
  return { messages: withParts(messages, before.map(imagePart)), question: asked };
}

/** Messages with more parts before the content of the first user's. */
export function withParts<M extends { readonly role: string; readonly content: readonly unknown[] }>(
  messages: readonly M[],
  parts: M["content"],
): readonly M[] {
  const first = messages.findIndex(({ role }) => role === "user");
  return messages.map((message, i) =>
    i === first ? { ...message, content: [...parts, ...message.content] } : message,
  );
}

/**
 * Messages apart from their images.
 *
 * @param earlier number of messages before these.
 * @throws InvalidInputError for a message without content, and a system message that is not the first.
 */
export function conversationOf(messages: readonly TakenMessage[], earlier = 0): Conversation {
  const images: TakenImage[] = [];
  const forTemplate = messages.map(({ role, content }, at): TemplateMessage => {
    if (role === "system" && earlier + at > 0)
      throw refuse("a system message at the start only", `one at ${earlier + at}`);
    for (const part of content) if (part.type === "image") images.push(part.image);
    // An answer may be empty.
    if (role !== "assistant" && content.every((part) => part.type === "text" && part.text.trim() === ""))
      throw refuse("messages with content", `an empty one at ${at}`);
    return { role, content: content.map((part) => (part.type === "text" ? part : { type: "image" })) };
  });
  return { messages: forTemplate, images };
}

/** @throws InvalidInputError unless it is a text with at least one visible character. */
export function assertQuestion(question: unknown): asserts question is string {
  if (typeof question === "string" && question.trim() !== "") return;
  throw refuse("a question", typeof question === "string" ? "an empty text" : typeof question);
}
