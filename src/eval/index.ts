/** @file Benchmarks, official metrics, and runs over methods and budgets. */
export {
  type AgreementCounts,
  agreement,
  type ChangedAnswer,
  type SettingAgreement,
  worstExamples,
} from "./agreement/agreement.js";
export type { AgreementNumbers } from "./agreement/agreement-numbers.js";
export { type BreakEven, breakEven } from "./agreement/break-even.js";
export { type AgreementTask, type OwnData, ownData } from "./own/own-data.js";
export { QUESTION_ENDINGS } from "./own/own-rows.js";
export { OWN_METRICS } from "./own/scored-task.js";
export type { DefaultDifference } from "./report/numbers/default-differences.js";
export { type Failures, type ReportNumbers, type ReportTask, reportNumbers } from "./report/numbers/report-numbers.js";
export type { Row, RunData, SettingData } from "./report/numbers/scored-answers.js";
export { type SettingGroup, settingGroups } from "./report/numbers/setting-groups.js";
export type { SettingNumbers, SettingTask } from "./report/numbers/setting-numbers.js";
export type { AnsweredRecord, AnswerRecord, Records } from "./run/answer-record.js";
export { type AnswerOptions, type AskedTask, answerSamples } from "./run/answer-samples.js";
export { type CoarseTask, coarseSentence } from "./run/coarse-tasks.js";
export type { EarlyRequest } from "./run/request-words.js";
export {
  type KeptSample,
  type RunMachine,
  type RunRequest,
  type RunState,
  type RunTask,
  runState,
  runTask,
} from "./run/run-folder.js";
export { type ScoreWarning, type SettingResults, scoreWarnings, type TaskResults } from "./run/setting-results.js";
export {
  comparisonSettings,
  type ModuleMethod,
  parseOptions,
  REFERENCE,
  type Setting,
  type SettingRequest,
  type Settings,
} from "./run/settings.js";
export { textSignalOf, weakTextSentence } from "./run/text-signal.js";
export { untoldSentences } from "./run/told.js";
export type { Interval } from "./stats/bootstrap.js";
export {
  type AnswerFile,
  type Combination,
  RULES,
  type Rule,
  type Sample,
  type SampleRegion,
  type ScoredSample,
  type Task,
  type TaskProblem,
  type TaskScores,
} from "./task.js";
export type { ReadOptions, TaskSpec } from "./tasks/define-task.js";
export { findTask, TASK_IDS } from "./tasks/registry.js";
