/** @file The embeddings of a prompt: rows of its words with rows of the pictures in their places. */
import { InvalidInputError, type VisualTokens } from "../core/index.js";
import type { Matrix } from "../math/index.js";

/**
 * One row per token of a spliced prompt.
 *
 * @param ids `[T]`.
 * @param placeholderId stands where a visual row goes.
 * @param words embeddings of all ids, `[T, D]`; those at placeholders are not read.
 * @param visual rows of all pictures in the order of the prompt, `[K, D]` together.
 * @returns `[T, D]`.
 * @throws InvalidInputError unless there are as many placeholders as visual rows, all of width D.
 */
export function promptEmbeddings(
  ids: readonly number[],
  placeholderId: number,
  words: Matrix,
  visual: readonly VisualTokens<Float32Array>[],
): Matrix {
  const operation = "promptEmbeddings";
  const { dim } = words;
  const rows = visual.reduce((sum, { count }) => sum + count, 0);
  const places = ids.filter((id) => id === placeholderId).length;
  if (places !== rows) {
    throw new InvalidInputError({
      operation,
      expected: `${rows} placeholders for as many visual rows`,
      got: String(places),
    });
  }
  const odd = visual.find((rows) => rows.dim !== dim);
  if (odd !== undefined || words.count !== ids.length) {
    const got = `${words.count} rows of words, visual rows of width ${odd?.dim ?? dim}`;
    throw new InvalidInputError({ operation, expected: `${ids.length} rows of width ${dim}`, got });
  }
  const data = words.data.slice();
  const sources = visual.flatMap(({ data, count }) =>
    Array.from({ length: count }, (_, row) => data.subarray(row * dim, (row + 1) * dim)),
  );
  let next = 0;
  ids.forEach((id, at) => {
    if (id === placeholderId) data.set(sources[next++], at * dim);
  });
  return { data, count: ids.length, dim };
}
