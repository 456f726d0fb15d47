/** @file Rows of norm 1, whose dot products are cosines; wide ones as a narrow sketch with nearly the same cosines. */
import { type Kernels, type Matrix, mixBits } from "../../math/index.js";
import { inverseNorms } from "./nearest-rows.js";

/** Width of a sketch, and the least width that is worth one: a further pass over the rows has to pay. */
const BINS = 256;
const WIDE = 512;

/**
 * The rows with norm 1; a zero row stays zero, and is similar to nothing. Of `WIDE` channels and more it is a sketch: channel c is added with a
 * fixed sign to bin c mod 256. Cosines of two rows are then off by about a sixteenth of their distance. (Feature
 * hashing, Weinberger et al., arXiv 0902.2206, with cyclic bins; the sign is -1 where `mixBits(c)` is odd.)
 *
 * @returns `[count, dim or 256]`.
 * @throws InvalidInputError for norms that float32 does not hold.
 */
export function unitRows(features: Matrix, kernels: Kernels): Matrix {
  const { data, count, dim } = features.dim < WIDE ? features : sketch(features, kernels);
  const norms = kernels.withRows({ data, count, dim }, inverseNorms);
  const unit = new Float32Array(data.length);
  for (let row = 0; row < count; row++) {
    const norm = norms[row];
    for (let at = row * dim; at < (row + 1) * dim; at++) unit[at] = data[at] * norm;
  }
  return { data: unit, count, dim };
}

function sketch(features: Matrix, kernels: Kernels): Matrix {
  const { count, dim } = features;
  const signs = new Float32Array(dim);
  for (let channel = 0; channel < dim; channel++) signs[channel] = mixBits(channel) & 1 ? -1 : 1;
  const data = new Float32Array(count * BINS);
  kernels.withRows(features, (rows) => {
    // Refuses what would overflow on the way.
    inverseNorms(rows);
    rows.fold(signs, BINS, data);
  });
  return { data, count, dim: BINS };
}
