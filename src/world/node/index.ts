/** @file Synthetic benchmarks and training data as files. */
export type { TaskReport } from "./task-report.js";
export { isWorldPicture } from "./world-picture.js";
export {
  type BenchmarkEvent,
  type BenchmarkManifest,
  type BenchmarkRequest,
  SYNTHETIC_NOTE,
  type SynthState,
  writeBenchmark,
} from "./write-benchmark.js";
export { type TrainingRequest, writeTrainingScenes } from "./write-training.js";
