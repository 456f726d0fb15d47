/** @file Rows that cannot be used: counted, or the end of reading. */
import { type InvalidInputError, refusalFor } from "../../core/index.js";
import type { TaskProblem } from "../task.js";

const refuse = refusalFor("eval");

/** Takes what is wrong with a task's files. */
export type ProblemLog = ReturnType<typeof problemLog>;

/** @param strict whether the first problem is thrown. */
export function problemLog(strict: boolean) {
  const found: TaskProblem[] = [];
  return {
    /** So far, in order. */
    found: found as readonly TaskProblem[],
    /** @throws InvalidInputError naming file and line, where the log is strict. */
    report(problem: TaskProblem): void {
      const { file, line, what } = problem;
      const place = line === undefined ? file : `line ${line} of ${file}`;
      if (strict) throw refuse(`a usable row in ${place}`, what);
      found.push(problem);
    },
  };
}

/** A file that is broken as a whole. */
export function fileError(file: string, expected: string, got: string): InvalidInputError {
  return refuse(`${expected} in ${file}`, got);
}
