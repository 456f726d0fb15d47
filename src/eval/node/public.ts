/** @file `recoup/node/eval`: runs of an evaluation on disk. Unstable, as `recoup/eval` is. */
export {
  type AnswerEvent,
  type AnsweredEvent,
  type AnswerRunRequest,
  answerRun,
  type EvaluationRequest,
  type ReadEvent,
  type ReadTaskOptions,
  type RunPlan,
  type RunTiming,
  readRun,
  readTask,
  runEvaluation,
  type ScoredEvent,
} from "./index.js";
