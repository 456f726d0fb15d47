/**
 * @file A prompt for the decoder: messages as ids with a placeholder per source token, then as rows and positions of what stays.
 */
import {
  type CompressionPlan,
  type Positions,
  refusalFor,
  splicePlaceholders,
  type VisualTokens,
} from "../core/index.js";
import type { Matrix } from "../math/index.js";
import type { EncodedImage } from "./encoded-image.js";
import type { TemplateMessage } from "./messages.js";
import type { DecoderPrompt, ModelParts, PromptWriter } from "./model-parts.js";

/** An image at its placeholder. */
export interface PlacedImage {
  /** Number of its source tokens. */
  readonly count: number;
  /** Its text, where that is more than so many placeholders. */
  readonly markup?: string;
}

const refuse = refusalFor("ask");

/**
 * Ids of a prompt with a placeholder per source token of its images.
 *
 * @param toIds default: as of a whole prompt.
 * @throws InvalidInputError unless the text has one placeholder per image: a question that holds one would put an image where none is.
 */
export function expandedIds(
  { imageToken, imageText, promptIds }: PromptWriter,
  text: string,
  images: readonly PlacedImage[],
  toIds = promptIds,
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
  const ids = expandedIds(writer, answer === "" ? rest.trimStart() : rest, images, writer.textIds);
  // An answer that ended by itself has its end token already.
  return [lastToken, ...(ids[0] === lastToken ? ids.slice(1) : ids)];
}

/** Rows of an image that go into a prompt. */
export interface ImageRows {
  readonly image: EncodedImage;
  readonly plan: CompressionPlan;
  /** Position of each source token, `[N]`, where the conversation has placed them before. */
  readonly places?: readonly number[];
}

/** A prompt of the rows that stay. */
export interface SplicedRows extends Pick<DecoderPrompt, "ids" | "rows" | "positions" | "nextPosition"> {
  /** Position of each source token of each image, as with all tokens. */
  readonly places: readonly (readonly number[])[];
}

/**
 * The prompt with placeholders for the rows that stay, its embeddings and positions.
 *
 * @param ids with a placeholder per source token of `fed`.
 * @param visual the rows of each, `[K, D]`.
 * @param from position of the first id.
 */
export async function spliceRows(
  { prompts: { imageToken }, decoder }: Pick<ModelParts, "prompts" | "decoder">,
  ids: readonly number[],
  fed: readonly ImageRows[],
  visual: readonly VisualTokens<Float32Array>[],
  { from, numbering }: { from: number; numbering: Positions },
): Promise<SplicedRows> {
  const all = originalPositions(ids, imageToken, fed, from);
  const plans = fed.map(({ plan }) => plan);
  const { inputIds, positions } = splicePlaceholders(ids, imageToken, plans, { positions: [all.positions] });
  const rows = promptEmbeddings(inputIds, imageToken, await decoder.embed(inputIds), visual);
  const spliced = { ids: inputIds, rows, places: all.places };
  if (numbering === "original") return { ...spliced, positions, nextPosition: all.nextPosition };
  return { ...spliced, positions: [inputIds.map((_, i) => from + i)], nextPosition: from + inputIds.length };
}

/** Positions with all tokens: they count up, but for tokens of images that have theirs from an earlier turn. */
function originalPositions(ids: readonly number[], imageToken: number, fed: readonly ImageRows[], from: number) {
  const tokens = fed.flatMap(({ image, places }, i) =>
    Array.from({ length: image.features.count }, (_, token) => ({ image: i, place: places?.[token] })),
  );
  const places = fed.map((): number[] => []);
  let [nextPosition, nextToken] = [from, 0];
  const positions = ids.map((id) => {
    if (id !== imageToken) return nextPosition++;
    const { image, place = nextPosition++ } = tokens[nextToken++];
    places[image].push(place);
    return place;
  });
  return { positions, places, nextPosition };
}

/**
 * One row per token of a spliced prompt.
 *
 * @param ids `[T]`.
 * @param placeholderId stands where a visual row goes.
 * @param tokens embeddings of all ids, `[T, D]`; those at placeholders are not read.
 * @param visual rows of all images in the order of the prompt, `[K, D]` together.
 * @returns `[T, D]`.
 * @throws InvalidInputError unless there are as many placeholders as visual rows, all of width D.
 */
export function promptEmbeddings(
  ids: readonly number[],
  placeholderId: number,
  tokens: Matrix,
  visual: readonly VisualTokens<Float32Array>[],
): Matrix {
  const { dim } = tokens;
  const places = ids.flatMap((id, at) => (id === placeholderId ? [at] : []));
  const rows = visual.flatMap(({ data, count }) =>
    Array.from({ length: count }, (_, row) => data.subarray(row * dim, (row + 1) * dim)),
  );
  const refuse = refusalFor("promptEmbeddings");
  if (places.length !== rows.length)
    throw refuse(`${rows.length} placeholders for as many visual rows`, String(places.length));
  const odd = visual.find((rows) => rows.dim !== dim);
  if (odd !== undefined || tokens.count !== ids.length) {
    const got = `${tokens.count} token embeddings, visual rows of width ${odd?.dim ?? dim}`;
    throw refuse(`${ids.length} rows of width ${dim}`, got);
  }
  const data = tokens.data.slice();
  for (const [i, row] of rows.entries()) data.set(row, places[i] * dim);
  return { data, count: ids.length, dim };
}
