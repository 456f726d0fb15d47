/** @file Messages: the general form of everything that is asked. A question about images is one message of the user's. */
import { refusalFor, shape } from "../core/index.js";
import { assertImage, type ImageInput } from "./encoded-image.js";

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
  readonly images: readonly ImageInput[];
}

/** A question, after images or without; or messages. */
export interface Asked {
  readonly question?: string;
  readonly image?: ImageInput;
  readonly images?: readonly ImageInput[];
  /** The whole request; the last message is the user's. Instead of `question`, `image` and `images`. */
  readonly messages?: readonly Message[];
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

/** Images of `{ image }` or `{ images }`. @throws InvalidInputError for both at once. */
export function imagesOf({ image, images }: Pick<Asked, "image" | "images">): readonly ImageInput[] {
  if (image !== undefined && images !== undefined) throw refuse("image or images", "both");
  return images ?? (image === undefined ? [] : [image]);
}

function imagePart(image: ImageInput): MessagePart {
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
  { messages, question, ...images }: Asked,
  before: readonly ImageInput[] = [],
): { messages: readonly Message[]; question: string } {
  const given = imagesOf(images);
  if (messages === undefined) {
    assertQuestion(question);
    const shown = [...before, ...given].map(imagePart);
    return { messages: [{ role: "user", content: [...shown, { type: "text", text: question }] }], question };
  }
  if (question !== undefined || given.length > 0) throw refuse("messages, or a question with images", "both");
  shape.shaped({ messages }, MESSAGES, refuse);
  const last = messages.at(-1);
  if (last?.role !== "user") throw refuse("messages of which the last is the user's", last?.role ?? "none");
  const texts = partsOf(last).flatMap((part) => (part.type === "text" ? [part.text] : []));
  const asked = texts.join("\n");
  assertQuestion(asked);
  const inParts = messages.map((message) => ({ ...message, content: partsOf(message) }));
  return { messages: withParts(inParts, before.map(imagePart)), question: asked };
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
 * @throws InvalidInputError for a message of another shape or without content, a system message that is not the first, or a part that
 *   is no image.
 */
export function conversationOf(messages: readonly Message[], earlier = 0): Conversation {
  shape.shaped({ messages }, MESSAGES, refuse);
  const images: ImageInput[] = [];
  const forTemplate = messages.map((message, at): TemplateMessage => {
    if (message.role === "system" && earlier + at > 0)
      throw refuse("a system message at the start only", `one at ${earlier + at}`);
    const content = partsOf(message).map((part) => {
      if (part.type === "text") return { type: "text", text: part.text ?? "" } as const;
      assertImage(part.image);
      images.push(part.image);
      return { type: "image" } as const;
    });
    // An answer may be empty.
    if (message.role !== "assistant" && content.every((part) => part.type === "text" && part.text.trim() === ""))
      throw refuse("messages with content", `an empty one at ${at}`);
    return { role: message.role, content };
  });
  return { messages: forTemplate, images };
}

function partsOf({ content }: Message): readonly MessagePart[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

/** @throws InvalidInputError unless it is a text with at least one visible character. */
export function assertQuestion(question: unknown): asserts question is string {
  if (typeof question === "string" && question.trim() !== "") return;
  throw refuse("a question", typeof question === "string" ? "an empty text" : typeof question);
}
