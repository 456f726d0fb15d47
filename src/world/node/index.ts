/** Synthetic benchmarks and training data as files. */
export {
  type BenchmarkEvent,
  type BenchmarkManifest,
  type BenchmarkRequest,
  writeBenchmark,
} from "./write-benchmark.js";
export { type TrainingRequest, writeTrainingScenes } from "./write-training.js";
