/** @file Kernels, statistics and numbers. */
export { dot, dotFloat32 } from "./dot.js";
export { fromFloat16, fromFloat16Array, toFloat16, toFloat16Array } from "./float16.js";
export { mixBits, textHash, textSeed } from "./hash.js";
export { type Kernels, type Matrix, plainKernels, type ResidentRows, takeRows, weightedSum } from "./kernels.js";
export { matrixTimesVector } from "./matrix-vector.js";
export { outlierFactors } from "./outlier-factors.js";
export { type RandomSource, randomSource } from "./random.js";
export { createSimdKernels, defaultKernels, type SimdOptions } from "./simd/simd-kernels.js";
export { softmax } from "./softmax.js";
export { mean, meanOrNull, median, quantile, type Spread, spread, upperOutliers } from "./statistics.js";
export { argMax, topK } from "./top-k.js";
