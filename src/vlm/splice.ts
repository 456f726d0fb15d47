/** @file Rows of images in the places of their placeholders: ids, embeddings and positions of a prompt after compression. */
import {
  type CompressionPlan,
  type PositionPlanes,
  type Positions,
  refusalFor,
  splicePlaceholders,
  type VisualTokens,
} from "../core/index.js";
import type { Matrix } from "../math/index.js";
import type { Decoder } from "./decoder.js";
import type { EncodedImage } from "./encoded-image.js";
import type { PromptWriter } from "./prompt.js";

/** Rows of an image that go into a prompt. */
export interface ImageRows {
  readonly image: EncodedImage;
  readonly plan: CompressionPlan;
  /** Position of each source token, `[N]`, where the conversation has placed them before. */
  readonly places?: readonly number[];
}

export interface Splicing {
  /** Ids with a placeholder per source token of `fed`. */
  readonly ids: readonly number[];
  /** Position of the first. */
  readonly from: number;
  readonly numbering: Positions;
  readonly fed: readonly ImageRows[];
  /** The rows of each, `[K, D]`. */
  readonly visual: readonly VisualTokens<Float32Array>[];
}

export interface SplicedRows {
  readonly ids: readonly number[];
  readonly rows: Matrix;
  readonly positions: PositionPlanes;
  /** Position of what comes after the prompt. */
  readonly nextPosition: number;
  /** Position of each source token of each image, as with all tokens. */
  readonly places: readonly (readonly number[])[];
}

/** The prompt with placeholders for the rows that stay, its embeddings and positions. */
export async function spliceRows(
  { prompts: { imageToken }, decoder }: { readonly prompts: PromptWriter; readonly decoder: Decoder },
  { ids, from, numbering, fed, visual }: Splicing,
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
  let nextPosition = from;
  const positions: number[] = [];
  const places: number[][] = [];
  for (const id of ids) {
    if (id !== imageToken) {
      positions.push(nextPosition++);
      continue;
    }
    if (places.length === 0 || places.at(-1)?.length === fed[places.length - 1].image.features.count) places.push([]);
    const own = places[places.length - 1];
    own.push(fed[places.length - 1].places?.[own.length] ?? nextPosition++);
    positions.push(own[own.length - 1]);
  }
  return { positions, places, nextPosition };
}

const refuse = refusalFor("promptEmbeddings");

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
  const rows = visual.reduce((sum, { count }) => sum + count, 0);
  const places = ids.filter((id) => id === placeholderId).length;
  if (places !== rows) {
    throw refuse(`${rows} placeholders for as many visual rows`, String(places));
  }
  const odd = visual.find((rows) => rows.dim !== dim);
  if (odd !== undefined || tokens.count !== ids.length) {
    const got = `${tokens.count} token embeddings, visual rows of width ${odd?.dim ?? dim}`;
    throw refuse(`${ids.length} rows of width ${dim}`, got);
  }
  const data = tokens.data.slice();
  const sources = visual.flatMap(({ data, count }) =>
    Array.from({ length: count }, (_, row) => data.subarray(row * dim, (row + 1) * dim)),
  );
  let next = 0;
  ids.forEach((id, at) => {
    if (id === placeholderId) data.set(sources[next++], at * dim);
  });
  return { data, count: ids.length, dim };
}
