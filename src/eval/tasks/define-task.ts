/** @file How a benchmark is written down, and how it becomes a `Task`. */
import { REGIONS } from "../../benchmarks/index.js";
import { groupBy, type InvalidInputError, refusalFor } from "../../core/index.js";
import type { AnswerFile, Combination, Rule, Sample, ScoredSample, Task, TaskScores } from "../task.js";
import { answerRows } from "./answer-rows.js";
import { type ProblemLog, problemLog } from "./problem-log.js";
import { parseRegions, regionKey } from "./regions.js";
import { chooseSubset, type SubsetOptions } from "./subset.js";

/** A file of a task. */
export interface TaskFile {
  /** Its content: questions, labels, … */
  readonly name: string;
  /** Below the task's folder. */
  readonly path: string;
  /** Rules that need it. Default: all. */
  readonly rules?: readonly Rule[];
}

/** A question with its truth. */
export interface TaskRow<T> {
  readonly sample: Sample;
  readonly truth: T;
  /** The question as LLaVA's rule asks it: regions are found by it. */
  readonly asked: string;
}

/** A row and its answer. */
export interface AnsweredRow<T> extends TaskRow<T>, Pick<ScoredSample, "answer" | "score"> {}

/** How answers become scores. */
export interface Judge<T> {
  /** Name of the metric that stands for the task, and how samples combine to it. */
  readonly headline: string;
  readonly combination: Combination;
  /** The headline of a perfect model. */
  maxScore(rows: readonly TaskRow<T>[]): number;
  /** Scores of all rows, and what must be said with them. */
  score(rows: readonly AnsweredRow<T>[]): TaskScores;
  /** Score of an answer, 0 to 1. */
  sampleScore(truth: T, answer: string): number;
  /** Fields of a row of LLaVA's answer file beside the usual ones. */
  rowFields?(truth: T): Readonly<Record<string, unknown>>;
  /** Files for the task's own server or tool, beside LLaVA's answer rows. @param id of the task, for the names. */
  submission?(rows: readonly AnsweredRow<T>[], id: string): readonly AnswerFile[];
}

/** A task by one rule. */
export interface RuleDefinition<T> {
  /** Name for people: the task, and which number its headline is. */
  readonly alias: string;
  readonly maxNewTokens: number;
  readonly judge: Judge<T>;
}

/** A file's text, and its path for messages. */
export interface SourceFile {
  readonly text: string;
  readonly file: string;
}

/** A task's files, read. */
export interface TaskSource {
  readonly rule: Rule;
  readonly problems: ProblemLog;
  /** A file of the task by its name. */
  file(name: string): SourceFile;
  /** A file that the first one names, by its path below the task's folder; undefined if it is not there. */
  linked(path: string): SourceFile | undefined;
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
  readonly linkedFiles?: (text: string) => readonly string[];
  readonly rules: Partial<Readonly<Record<Rule, RuleDefinition<T>>>>;
  read(source: TaskSource): readonly TaskRow<T>[];
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
  /** Texts by path below the task's folder: `files`, and those of `linkedFiles` that are there. */
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
  /** How samples combine to the task's number. @throws InvalidInputError for a rule that the task does not have. */
  combination(rule: Rule): Combination;
  /** The files that a rule needs. */
  files(rule: Rule): readonly TaskFile[];
  /** Paths of more files, which may be missing, by the texts of `files`. */
  linkedFiles(texts: ReadonlyMap<string, string>): readonly string[];
  /**
   * @throws InvalidInputError for a rule that the task does not have, a missing text, files without a usable question, a limit that nothing
   *   fits in; if strict, for the first problem.
   */
  read(options: ReadOptions): Task;
}

const refuse = refusalFor("readTask");

/** A task from its definition. Synthetic ones, named `syn_…`, have a file of regions beside their own. */
export function defineTask<T>(definition: TaskDefinition<T>): TaskSpec {
  const { id, folder, pictures, rules, linkedFiles } = definition;
  const isSynthetic = id.startsWith("syn_");
  const files = isSynthetic ? [...definition.files, { name: "regions", path: REGIONS.file }] : definition.files;
  const byRule = (rule: Rule): RuleDefinition<T> => {
    const found = rules[rule];
    if (found === undefined) throw refuse(`a rule of ${id}: ${Object.keys(rules)}`, rule);
    return found;
  };
  return {
    id,
    folder,
    pictures,
    rules: Object.keys(rules) as Rule[],
    combination: (rule) => byRule(rule).judge.combination,
    files: (rule) => files.filter((file) => file.rules?.includes(rule) ?? true),
    linkedFiles: (texts) => linkedFiles?.(texts.get(files[0].path) ?? "") ?? [],
    read(options) {
      const { alias, maxNewTokens, judge } = byRule(options.rule);
      const problems = problemLog(options.strict);
      const source = taskSource(definition.folder, files, options, problems);
      const rows = definition.read(source);
      if (rows.length === 0) throw withoutRows(source.file(files[0].name).file, problems);
      const placed = isSynthetic ? withRegions(rows, source) : rows;
      const chosen = options.subset === undefined ? placed : subsetOf(placed, options.subset);
      const facts = { id, alias, maxNewTokens, rule: options.rule, folder: options.folder, problems: problems.found };
      return { ...facts, ...judged(id, chosen, judge) };
    },
  };
}

function taskSource(
  folder: string,
  files: readonly TaskFile[],
  { rule, texts }: ReadOptions,
  problems: ProblemLog,
): TaskSource {
  const linked = (path: string) => {
    const text = texts.get(path);
    return text === undefined ? undefined : { text, file: `${folder}/${path}` };
  };
  return {
    rule,
    problems,
    linked,
    file(name) {
      const path = files.find((file) => file.name === name)?.path ?? name;
      const found = linked(path);
      if (found === undefined) throw refuse(`the text of ${folder}/${path}`, "none");
      return found;
    },
  };
}

function withoutRows(file: string, { found: [first] }: ProblemLog): InvalidInputError {
  const got =
    first === undefined ? "none" : `none; the first problem: ${first.what} (${first.file}:${first.line ?? "?"})`;
  return refuse(`at least one usable question in ${file}`, got);
}

function withRegions<T>(rows: readonly TaskRow<T>[], source: TaskSource): TaskRow<T>[] {
  const { text, file } = source.file("regions");
  const regions = parseRegions(text, file, source.problems);
  return rows.map((row) => {
    const { questionId } = row.sample;
    const region = regions.get(regionKey(questionId, row.asked));
    if (region !== undefined) return { ...row, sample: { ...row.sample, region } };
    source.problems.report({ file, what: `no region of question ${questionId}` });
    return row;
  });
}

/** The rows of the chosen groups, in their order. */
function subsetOf<T>(rows: readonly TaskRow<T>[], options: SubsetOptions): TaskRow<T>[] {
  const units = [...groupBy(rows, ({ sample }) => sample.group).values()].map((own) => {
    const { category, group, picture = group } = own[0].sample;
    return { group: category, picture, size: own.length, rows: own };
  });
  return chooseSubset(units, options)
    .flatMap((unit) => unit.rows)
    .sort((a, b) => a.sample.docId - b.sample.docId);
}

type Judged = Pick<Task, "samples" | "headline" | "maxScore" | "combination" | "score" | "sampleScore" | "files">;

function judged<T>(id: string, rows: readonly TaskRow<T>[], judge: Judge<T>): Judged {
  const { headline, combination, rowFields } = judge;
  const truths = new Map(rows.map(({ sample, truth }) => [sample.docId, truth]));
  const answered = (answers: readonly (string | undefined)[]): AnsweredRow<T>[] => {
    if (answers.length !== rows.length) {
      throw refusalFor("score")(`an answer per sample, ${rows.length}`, answers.length);
    }
    return rows.map((row, i) => {
      const answer = answers[i];
      return { ...row, answer, score: answer === undefined ? 0 : judge.sampleScore(row.truth, answer) };
    });
  };
  return {
    samples: rows.map(({ sample }) => sample),
    headline,
    maxScore: judge.maxScore(rows),
    combination,
    score(answers) {
      const all = answered(answers);
      const missing = all.filter(({ answer }) => answer === undefined).length;
      const { metrics, warnings } = judge.score(all);
      const warning = `${missing} of ${all.length} answers are missing and count as wrong`;
      return { metrics, warnings: missing === 0 ? warnings : [warning, ...warnings] };
    },
    sampleScore({ docId }, answer) {
      if (!truths.has(docId)) throw refusalFor("sampleScore")("a sample of the task", `docId ${docId}`);
      return judge.sampleScore(truths.get(docId) as T, answer);
    },
    files(answers, model) {
      const all = answered(answers);
      return [answerRows(id, all, { model, fields: rowFields }), ...(judge.submission?.(all, id) ?? [])];
    },
  };
}
