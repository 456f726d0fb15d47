/** Evaluation on disk. Apart from the other files' index, so that what needs no benchmark does not load them. */
export * from "./answer-run.js";
export { readRun } from "./read-run.js";
export { type ReadTaskOptions, readTask } from "./read-task.js";
export * from "./run-evaluation.js";
export { readScores, writeMachine } from "./write-results.js";
