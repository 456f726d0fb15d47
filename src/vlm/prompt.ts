/** @file Messages as ids: the model's chat template, a placeholder per source token of each image, and what continues an answer. */
import { refusalFor } from "../core/index.js";
import { type TemplateMessage, textPart } from "./messages.js";

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

/** An image at its placeholder. */
export interface PlacedImage {
  /** Number of its source tokens. */
  readonly count: number;
  /** Its text, where that is more than so many placeholders. */
  readonly markup?: string;
}

const refuse = refusalFor("ask");

/**
 * Ids of a whole prompt with a placeholder per source token of its images.
 *
 * @throws InvalidInputError unless the text has one placeholder per image: a question that holds one would put an image where none is.
 */
export function wholeIds(writer: PromptWriter, text: string, images: readonly PlacedImage[]): number[] {
  return expandImages(writer, text, images, writer.promptIds);
}

function expandImages(
  { imageToken, imageText }: PromptWriter,
  text: string,
  images: readonly PlacedImage[],
  toIds: (text: string) => number[],
): number[] {
  if (images.every(({ markup }) => markup === undefined)) {
    const ids = toIds(text);
    assertPlaceholders(ids.filter((id) => id === imageToken).length, images);
    let next = 0;
    return ids.flatMap((id) => (id === imageToken ? Array<number>(images[next++].count).fill(id) : [id]));
  }
  const [before, ...after] = text.split(imageText);
  assertPlaceholders(after.length, images);
  const shown = after.map((rest, i) => (images[i].markup ?? imageText.repeat(images[i].count)) + rest);
  return toIds(before + shown.join(""));
}

function assertPlaceholders(found: number, images: readonly PlacedImage[]): void {
  if (found !== images.length) throw refuse(`${images.length} placeholders of images in the prompt`, String(found));
}

/**
 * Ids that continue a conversation after its last answer: the answer's last token, the template's text after an answer, and the new
 * messages.
 *
 * @param messages of the conversation so far; the last is the answer.
 * @param next the new messages, with an image wherever rows go in.
 * @param lastToken the answer's last one, which the decoder has not been fed yet.
 * @throws InvalidInputError for a template that rewrites earlier messages.
 */
export function nextIds(
  writer: PromptWriter,
  messages: readonly TemplateMessage[],
  next: readonly TemplateMessage[],
  lastToken: number,
  images: readonly PlacedImage[],
): number[] {
  const asked = writer.render(messages.slice(0, -1), true).trimEnd();
  const answered = writer.render(messages, false);
  const whole = writer.render([...messages, ...next], true);
  const [part] = messages[messages.length - 1].content;
  const answer = part.type === "text" ? part.text : "";
  const place = answered.indexOf(answer, asked.length);
  if (!answered.startsWith(asked) || place < 0 || !whole.startsWith(answered)) {
    throw refusalFor("chat")(
      'a chat template that only adds text at its end (recovery "reprefill" takes any)',
      "one that rewrites it",
    );
  }
  const rest = whole.slice(place + answer.length);
  // As one text, since tokenizers mark where a text begins. What stands before an empty answer's end is the answer's own space.
  const ids = expandImages(writer, answer === "" ? rest.trimStart() : rest, images, writer.textIds);
  // An answer that ended by itself has its end token already.
  return [lastToken, ...(ids[0] === lastToken ? ids.slice(1) : ids)];
}

/** The answer as a message. */
export function answerMessage(answer: string): TemplateMessage {
  return { role: "assistant", content: [textPart(answer)] };
}
