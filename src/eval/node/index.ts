/** @file Evaluation on disk. Apart from the other files' index, so that work without benchmarks does not load them. */
export {
  AGREEMENT_FILES,
  type AnswerEvent,
  type AnsweredEvent,
  type AnswerRunRequest,
  answerRun,
  type RunPlan,
  type RunTiming,
} from "./answer-run.js";
export { assertModulesUnchanged, assertSameRequest } from "./assert-request.js";
export {
  type EvaluationRequest,
  type ReadEvent,
  runEvaluation,
  type ScoredEvent,
  writeMachine,
  writeSamples,
} from "./evaluation.js";
export { lmmsEvalFiles } from "./lmms-eval-files.js";
export { readOwnData } from "./read-own.js";
export { assertRun, readRun, runFiles } from "./read-run.js";
export { type ReadTaskOptions, readTask } from "./read-task.js";
export { CHART_PACKAGES, REPORT_FORMATS, type ReportFormat, runReport } from "./run-report.js";
