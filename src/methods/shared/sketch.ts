/** @file Narrower rows with nearly the same cosines: a pass over the features that makes all later ones cheaper. */
import { type Matrix, mixBits } from "../../math/index.js";

/**
 * The rows with channels added up: channel c goes with a fixed sign to bin c mod `bins`. A cosine of the result is off by about
 * 1 / √bins of what two unrelated rows differ by. (The feature hashing of Weinberger et al., arXiv 0902.2206, with a cyclic bin.)
 *
 * Sums are in double precision in the order of the channels, rounded to float32 once: the same bits on every engine.
 *
 * @param bins at most `dim`.
 * @returns `[count, bins]`.
 */
export function sketchRows({ data, count, dim }: Matrix, bins: number): Matrix {
  const out = new Float32Array(count * bins);
  const signs = Float64Array.from({ length: dim }, (_, channel) => (mixBits(channel) & 1 ? -1 : 1));
  for (let row = 0; row < count; row++) {
    for (let bin = 0; bin < bins; bin++) {
      let sum = 0;
      for (let channel = bin; channel < dim; channel += bins) sum += signs[channel] * data[row * dim + channel];
      out[row * bins + bin] = sum;
    }
  }
  return { data: out, count, dim: bins };
}
