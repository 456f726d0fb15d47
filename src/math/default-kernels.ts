/** @file The choice of row kernels: the fastest that the engine runs. */
import type { Kernels } from "./kernels.js";
import { plainKernels } from "./plain-kernels.js";
import { createSimdKernels } from "./simd/simd-kernels.js";

let fastest: Kernels | undefined;

/**
 * The fastest kernels that the engine can run: SIMD, or else the plain loops. Made at the first call and kept; that both
 * give the same bits makes the choice unobservable but for time.
 */
export function defaultKernels(): Kernels {
  fastest ??= createSimdKernels() ?? plainKernels;
  return fastest;
}
