/** @file Kernels, statistics and numbers. */
export { defaultKernels } from "./default-kernels.js";
export { dot } from "./dot.js";
export { dotFloat32 } from "./dot-float32.js";
export { fromFloat16, fromFloat16Array, toFloat16, toFloat16Array } from "./float16.js";
export { mixBits, textHash, textSeed } from "./hash.js";
export type { Kernels, ResidentRows } from "./kernels.js";
export { type Matrix, takeRows } from "./matrix.js";
export { matrixTimesVector } from "./matrix-vector.js";
export { outlierFactors } from "./outlier-factors.js";
export { plainKernels } from "./plain-kernels.js";
export { type RandomSource, randomSource } from "./random.js";
export { createSimdKernels, type SimdOptions } from "./simd/simd-kernels.js";
export { softmax } from "./softmax.js";
export { mean, meanOrNull, median, quantile, type Spread, spread, upperOutliers } from "./statistics.js";
export { argMax, topK } from "./top-k.js";
export { weightedSum } from "./weighted-sum.js";
