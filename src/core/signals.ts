/** @file The scores that methods read, computed from what a vision tower and a text tower give. */
import { dot, type Matrix, matrixTimesVector, softmax } from "../math/index.js";
import { refusalFor } from "./errors.js";
import { optionsOf } from "./options.js";
import { number, optional } from "./shape.js";
import { assertFinite, assertRows, assertVector } from "./visual-tokens.js";

/**
 * Attention of the class token to each patch: softmax(q · kᵀ · C^-0.5) over the class row and all patches, class entry
 * dropped and nothing renormalized, so the result sums to 1 - a(CLS). One head over the full width, as the released code
 * of Recoverable Compression computes it (clip_encoder.py), not the tower's own multi-head attention. Logits are float32,
 * added up as the reference runs did (`matrixTimesVector`).
 *
 * @param query `q_proj` output of the class token in the last layer, `[C]`.
 * @param keys `k_proj` output of the last layer, class row first, `[N + 1, C]`.
 * @returns `[N]`, each value from 0 to 1.
 */
export function clsAttention(query: Float32Array, keys: Matrix): Float32Array {
  assertRows("clsAttention", "keys", keys);
  assertVector("clsAttention", "query", query);
  if (query.length !== keys.dim || keys.count < 1) {
    const got = `[${query.length}] and [${keys.count}, ${keys.dim}]`;
    throw refusalFor("clsAttention")("query [C] and keys [N + 1, C]", got);
  }
  const scale = Math.fround(keys.dim ** -0.5);
  const logits = matrixTimesVector(keys, query).map((product) => product * scale);
  const attention = softmax(logits).subarray(1);
  if (attention.some(Number.isNaN)) {
    assertFinite("clsAttention", "query", query, 1);
    assertFinite("clsAttention", "keys", keys.data, keys.dim);
  }
  return attention;
}

/** The keys of the patches alone: `[N + 1, C]` with the class row first becomes `[N, C]`, a view. */
export function withoutClsRow(keys: Matrix): Matrix {
  assertRows("withoutClsRow", "keys", keys);
  if (keys.count < 1) throw refusalFor("withoutClsRow")("keys [N + 1, C]", `[${keys.count}, ${keys.dim}]`);
  return { data: keys.data.subarray(keys.dim), count: keys.count - 1, dim: keys.dim };
}

/**
 * `hidden · projectionᵀ`: patch states into the space of the text vector.
 *
 * @param hidden `[N, C]`.
 * @param projection `[D, C]`, as a linear layer without bias stores it (CLIP's `visual_projection`).
 * @returns `[N, D]`.
 */
export function projectRows(hidden: Matrix, projection: Matrix): Matrix {
  assertRows("projectRows", "hidden", hidden);
  assertRows("projectRows", "projection", projection);
  if (hidden.dim !== projection.dim) {
    const got = `[${hidden.count}, ${hidden.dim}] and [${projection.count}, ${projection.dim}]`;
    throw refusalFor("projectRows")("hidden [N, C] and projection [D, C]", got);
  }
  const { dim } = hidden;
  const data = new Float32Array(hidden.count * projection.count);
  for (let row = 0; row < hidden.count; row++) {
    for (let d = 0; d < projection.count; d++) {
      data[row * projection.count + d] = dot(hidden.data, row * dim, projection.data, d * dim, dim);
    }
  }
  return { data, count: hidden.count, dim: projection.count };
}

/** Norms are floored here, as torch.nn.functional.normalize does, so that a zero vector is similar to nothing. */
const NORM_FLOOR = 1e-12;

/**
 * Cosine of each patch with the question.
 *
 * The sign is a property of the model: in published CLIP towers the patches inside the object that the text names often
 * score low. Give `createTokenTable` the `textPolarity` -1 for such a model; never flip the column itself.
 *
 * @param patches patch states in the text space (after post layer norm and visual projection), `[N, D]`.
 * @param text the question's text vector, `[D]`.
 * @param scale multiplies every cosine. The released code of Recoverable Compression uses D^-0.5; variants `official` and
 *   `official-alt` expect that.
 * @returns `[N]`, each value from -scale to scale; 0 where either vector is zero.
 */
export function textSimilarity(patches: Matrix, text: Float32Array, options: { scale?: number } = {}): Float32Array {
  const { scale = 1 } = optionsOf("textSimilarity", options, { scale: optional(number) });
  assertRows("textSimilarity", "patches", patches);
  assertVector("textSimilarity", "text", text);
  if (text.length !== patches.dim) {
    throw refusalFor("textSimilarity")(`a text vector of ${patches.dim} values`, text.length);
  }
  const { data, count, dim } = patches;
  const textNorm = Math.max(Math.sqrt(dot(text, 0, text, 0, dim)), NORM_FLOOR);
  const out = new Float32Array(count);
  for (let row = 0; row < count; row++) {
    const start = row * dim;
    const norm = Math.max(Math.sqrt(dot(data, start, data, start, dim)), NORM_FLOOR);
    out[row] = (dot(data, start, text, 0, dim) / (norm * textNorm)) * scale;
  }
  return out;
}

/**
 * Cosine of each patch with each word of the question.
 *
 * @param patches `[N, D]`.
 * @param words one vector per word, in the same space, `[M, D]`.
 * @returns `[N, M]`, each value from -1 to 1.
 */
export function wordSimilarity(patches: Matrix, words: Matrix): Matrix {
  assertRows("wordSimilarity", "patches", patches);
  assertRows("wordSimilarity", "words", words);
  const data = new Float32Array(patches.count * words.count);
  for (let word = 0; word < words.count; word++) {
    const column = textSimilarity(patches, words.data.subarray(word * words.dim, (word + 1) * words.dim));
    for (let row = 0; row < patches.count; row++) data[row * words.count + word] = column[row];
  }
  return { data, count: patches.count, dim: words.count };
}
