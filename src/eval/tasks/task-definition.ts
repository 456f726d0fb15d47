/** @file What a task is written down as, and what it becomes. */
import type { AnswerFile, Rule, Sample, Task, TaskScores } from "../task.js";
import type { ProblemLog } from "./problem-log.js";
import type { SubsetOptions } from "./subset.js";

/** A file of a task. */
export interface TaskFile {
  /** What it holds: questions, labels, … */
  readonly name: string;
  /** Below the task's folder. */
  readonly path: string;
  /** Rules that need it; all, if absent. */
  readonly rules?: readonly Rule[];
}

/** What a rule makes of a task. */
export interface RuleFacts {
  /** Name for people: the task, and which number its headline is. */
  readonly alias: string;
  readonly maxNewTokens: number;
}

/** A question with its truth. */
export interface TaskRow<T> {
  readonly sample: Sample;
  readonly truth: T;
  /** The question as LLaVA's rule asks it: regions are found by it. */
  readonly asked: string;
}

/** A row and what was answered; undefined for nothing. */
export interface AnsweredRow<T> extends TaskRow<T> {
  readonly answer: string | undefined;
}

/** How answers become scores. */
export interface Judge<T> {
  /** Name of the metric that stands for the task. */
  readonly headline: string;
  /** Its value for a perfect model. */
  best(rows: readonly TaskRow<T>[]): number;
  /** Scores of all rows, and what must be said with them. */
  score(rows: readonly AnsweredRow<T>[]): TaskScores;
  /** What an answer is worth, 0 to 1. */
  worth(truth: T, answer: string): number;
  /** Fields of a row of LLaVA's answer file beside the usual ones. */
  rowFields?(truth: T): Readonly<Record<string, unknown>>;
  /** What the task's own server or tool reads, beside LLaVA's answer rows. @param id of the task, for the names. */
  submission?(rows: readonly AnsweredRow<T>[], id: string): readonly AnswerFile[];
}

/** A task's files, read. */
export interface TaskSource {
  readonly rule: Rule;
  readonly problems: ProblemLog;
  /** A file of the task by its name: its text, and its path for messages. */
  file(name: string): { readonly text: string; readonly file: string };
  /** The same of a file that the first one names, by its path below the task's folder; undefined if it is not there. */
  followed(path: string): { readonly text: string; readonly file: string } | undefined;
}

/** A benchmark, as it is written down. */
export interface TaskDefinition<T> {
  readonly id: string;
  /** Below the data root. */
  readonly folder: string;
  /** Folder of the pictures, below `folder`; undefined where they are in the rows. */
  readonly pictures?: string;
  readonly files: readonly TaskFile[];
  /** Paths of further files, which the text of the first file names. */
  readonly follow?: (text: string) => readonly string[];
  readonly rules: Partial<Readonly<Record<Rule, RuleFacts>>>;
  /** Whether it is the output of `recoup synth`, with regions. */
  readonly isSynthetic: boolean;
  read(source: TaskSource): { readonly rows: readonly TaskRow<T>[]; readonly judge: Judge<T> };
}

/** How a task is read. */
export interface ReadOptions {
  readonly rule: Rule;
  /** Whether the first row that cannot be used ends the reading. */
  readonly strict: boolean;
  /** A part of the task instead of all. */
  readonly subset?: SubsetOptions;
  /** Folder of the pictures on disk, for `Task.folder`. */
  readonly folder: string;
  /** Texts by path below the task's folder: `files`, and what `follow` names and is there. */
  readonly texts: ReadonlyMap<string, string>;
}

/** A benchmark that can be read: where its files are, and what they become. */
export interface TaskSpec {
  readonly id: string;
  /** Below the data root. */
  readonly folder: string;
  /** Folder of the pictures, below `folder`. */
  readonly pictures?: string;
  readonly rules: readonly Rule[];
  /** The files that a rule needs. */
  files(rule: Rule): readonly TaskFile[];
  /** Paths of more files, which may be missing, by what the files say. */
  follow(texts: ReadonlyMap<string, string>): readonly string[];
  /**
   * @throws InvalidInputError for a rule that the task does not have, a missing text, files without a usable question, a limit that nothing
   *   fits in; if strict, for the first problem.
   */
  read(options: ReadOptions): Task;
}
