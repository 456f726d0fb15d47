/** @file Softmax of a list of numbers. */

/** Softmax of all values in double precision, stored as float32. Empty input gives an empty result. */
export function softmax(values: ArrayLike<number>): Float32Array {
  let max = -Infinity;
  for (let i = 0; i < values.length; i++) if (values[i] > max || Number.isNaN(values[i])) max = values[i];
  const exps = new Float64Array(values.length);
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    exps[i] = Math.exp(values[i] - max);
    sum += exps[i];
  }
  const out = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = exps[i] / sum;
  return out;
}
