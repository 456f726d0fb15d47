/** @file ScienceQA's own files: `problems.json` and `pid_splits.json`. */

import { shape } from "../../core/index.js";
import { fileError } from "./problem-log.js";
import type { TaskSource } from "./task-definition.js";

/** A problem. */
export interface ScienceQaProblem {
  readonly id: string;
  readonly question: string;
  readonly choices: readonly string[];
  /** Place of the right choice. */
  readonly answer: number;
  /** Empty for none. */
  readonly hint: string;
  readonly subject: string;
  readonly hasImage: boolean;
}

const PROBLEM = shape.object({
  question: shape.text,
  choices: shape.list(shape.text),
  answer: shape.count,
  hint: shape.text,
});

/** Gives the problem of an id, or why there is none. */
export function readProblems(source: TaskSource): (id: string) => ScienceQaProblem | string {
  const { text, file } = source.file("problems");
  const all = parseObject(text, file);
  return (id) => {
    const value = Object.hasOwn(all, id) ? all[id] : undefined;
    if (value === undefined) return `no problem in ${file}`;
    const what = shape.mismatchText(value, PROBLEM);
    if (what !== undefined) return `${what} in ${file}`;
    const { question, choices, answer, hint, subject, image } = value as Record<string, unknown> & ScienceQaProblem;
    if (answer >= choices.length) return `answer ${answer} of ${choices.length} choices in ${file}`;
    const hasImage = typeof image === "string" && image !== "";
    return { id, question, choices, answer, hint, subject: typeof subject === "string" ? subject : "", hasImage };
  };
}

/** Ids of the split `test`. @throws InvalidInputError where the file has none. */
export function readTestIds(source: TaskSource): readonly string[] {
  const { text, file } = source.file("splits");
  const { test } = parseObject(text, file);
  if (Array.isArray(test)) return test.map(String);
  throw fileError(file, "a list of ids of the split test", "none");
}

function parseObject(text: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw fileError(file, "JSON", (error as Error).message);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw fileError(file, "a JSON object", "something else");
}
