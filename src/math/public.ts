/** @file `recoup/math`: what methods of one's own decide with, the same to the bit on every engine. */
export {
  argMax,
  dot,
  fromFloat16Array,
  type Kernels,
  type Matrix,
  matrixTimesVector,
  mean,
  median,
  outlierFactors,
  quantile,
  type RandomSource,
  type ResidentRows,
  randomSource,
  softmax,
  toFloat16Array,
  topK,
} from "./index.js";
