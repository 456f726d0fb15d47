/** @file Evaluation on disk. Apart from the other files' index, so that work without benchmarks does not load them. */
export {
  type AnswerEvent,
  type AnsweredEvent,
  type AnswerRunRequest,
  answerRun,
  type RunPlan,
  type RunTiming,
} from "./answer-run.js";
export {
  type EvaluationRequest,
  type ReadEvent,
  runEvaluation,
  type ScoredEvent,
  writeMachine,
  writeSamples,
} from "./evaluation.js";
export { type ExportFile, lmmsEvalFiles } from "./lmms-eval-files.js";
export { type ReadOwnOptions, readOwnData } from "./read-own.js";
export { assertRun, readOwnRun, readRun, runFiles } from "./read-run.js";
export { type ReadTaskOptions, readTask } from "./read-task.js";
export { REPORT_FORMATS, type ReportFormat, type RunReport, type RunReportOptions, runReport } from "./run-report.js";
export { samplePicture } from "./sample-picture.js";
