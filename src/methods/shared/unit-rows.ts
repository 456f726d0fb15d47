/** @file Rows of norm 1, whose dot products are cosines; wide ones as a narrow sketch with nearly the same cosines. */
import { type Kernels, type Matrix, mixBits } from "../../math/index.js";
import { inverseNorms } from "./nearest-rows.js";

/** Width of a sketch, and the least width that is worth one: a further pass over the rows has to pay. */
const BINS = 256;
const WIDE = 512;

/** Rows of norm 1, and how long they were. */
export interface UnitRows {
  /** `[count, dim or 256]`; a zero row stays zero, and is similar to nothing. */
  readonly unit: Matrix;
  /** 1 / norm of each row as given, 0 of a zero row, `[count]`. */
  readonly inverse: Float64Array;
}

/**
 * The rows with norm 1. Of `WIDE` channels and more it is a sketch: channel c is added with a fixed sign to bin c mod 256. Cosines of two rows are
 * then off by about a sixteenth of their distance. (Feature hashing, Weinberger et al., arXiv 0902.2206, with cyclic bins; the
 * sign is -1 where `mixBits(c)` is odd.)
 *
 * @throws InvalidInputError for norms that float32 does not hold.
 */
export function unitRows(features: Matrix, kernels: Kernels): UnitRows {
  const { count, dim } = features;
  if (dim < WIDE) {
    const inverse = kernels.withRows(features, inverseNorms);
    return { unit: scaled(features, inverse), inverse };
  }
  const sketch = { data: new Float32Array(count * BINS), count, dim: BINS };
  const inverse = kernels.withRows(features, (rows) => {
    // Refuses first what would overflow on the way.
    const norms = inverseNorms(rows);
    rows.fold(channelSigns(dim), BINS, sketch.data);
    return norms;
  });
  return { unit: scaled(sketch, kernels.withRows(sketch, inverseNorms)), inverse };
}

function channelSigns(dim: number): Float32Array {
  const signs = new Float32Array(dim);
  for (let channel = 0; channel < dim; channel++) signs[channel] = mixBits(channel) & 1 ? -1 : 1;
  return signs;
}

function scaled({ data, count, dim }: Matrix, factors: Float64Array): Matrix {
  const out = new Float32Array(data.length);
  for (let row = 0; row < count; row++) {
    const factor = factors[row];
    for (let at = row * dim; at < (row + 1) * dim; at++) out[at] = data[at] * factor;
  }
  return { data: out, count, dim };
}
