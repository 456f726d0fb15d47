/** @file Evaluation on disk. Apart from the other files' index, so that work without benchmarks does not load them. */
export {
  type AnswerEvent,
  type AnsweredEvent,
  type AnswerRunRequest,
  answerRun,
  type RunPlan,
  type RunTiming,
} from "./answer-run.js";
export { type EvaluationRequest, type ReadEvent, runEvaluation, type ScoredEvent, writeMachine } from "./evaluation.js";
export { readRun } from "./read-run.js";
export { type ReadTaskOptions, readTask } from "./read-task.js";
export { REPORT_FORMATS, type ReportFormat, type RunReport, runReport } from "./run-report.js";
export { samplePicture } from "./sample-picture.js";
