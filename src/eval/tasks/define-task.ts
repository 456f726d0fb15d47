/** @file What the tasks share: from files to a `Task`. */
import { groupBy, InvalidInputError } from "../../core/index.js";
import type { Rule, Task } from "../task.js";
import { answerRows } from "./answer-rows.js";
import { type ProblemLog, problemLog } from "./problem-log.js";
import { parseRegions, REGIONS_FILE, regionKey } from "./regions.js";
import { chooseSubset, type SubsetOptions } from "./subset.js";
import type {
  AnsweredRow,
  Judge,
  ReadOptions,
  TaskDefinition,
  TaskFile,
  TaskRow,
  TaskSource,
  TaskSpec,
} from "./task-definition.js";

/** A task from its definition. */
export function defineTask<T>(definition: TaskDefinition<T>): TaskSpec {
  const { id, folder, pictures, rules, isSynthetic, follow } = definition;
  const names = Object.keys(rules) as Rule[];
  const files = isSynthetic ? [...definition.files, { name: "regions", path: REGIONS_FILE }] : definition.files;
  return {
    id,
    folder,
    pictures,
    rules: names,
    files: (rule) => files.filter((file) => file.rules?.includes(rule) ?? true),
    follow: (texts) => follow?.(texts.get(files[0].path) ?? "") ?? [],
    read(options) {
      const facts = rules[options.rule];
      if (facts === undefined) {
        throw new InvalidInputError({
          operation: "readTask",
          expected: `a rule of ${id}: ${names}`,
          got: options.rule,
        });
      }
      const problems = problemLog(options.strict);
      const source = taskSource(folder, files, options, problems);
      const { rows, judge } = definition.read(source);
      if (rows.length === 0) throw withoutRows(source.file(files[0].name).file, problems);
      const placed = isSynthetic ? withRegions(rows, source) : rows;
      const chosen = options.subset === undefined ? placed : subsetOf(placed, options.subset);
      return {
        id,
        ...facts,
        rule: options.rule,
        folder: options.folder,
        problems: problems.found,
        ...judged(id, chosen, judge),
      };
    },
  };
}

function taskSource(
  folder: string,
  files: readonly TaskFile[],
  { rule, texts }: ReadOptions,
  problems: ProblemLog,
): TaskSource {
  return {
    rule,
    problems,
    followed(path) {
      const text = texts.get(path);
      return text === undefined ? undefined : { text, file: `${folder}/${path}` };
    },
    file(name) {
      const path = files.find((file) => file.name === name)?.path ?? name;
      const text = texts.get(path);
      if (text !== undefined) return { text, file: `${folder}/${path}` };
      throw new InvalidInputError({ operation: "readTask", expected: `the text of ${folder}/${path}`, got: "none" });
    },
  };
}

function withoutRows(file: string, { found: [first] }: ProblemLog): InvalidInputError {
  return new InvalidInputError({
    operation: "readTask",
    expected: `at least one usable question in ${file}`,
    got: first === undefined ? "none" : `none; the first problem: ${first.what} (${first.file}:${first.line ?? "?"})`,
  });
}

function withRegions<T>(rows: readonly TaskRow<T>[], source: TaskSource): TaskRow<T>[] {
  const { text, file } = source.file("regions");
  const regions = parseRegions(text, file, source.problems);
  return rows.map((row) => {
    const { questionId } = row.sample;
    const region = regions.get(regionKey({ questionId, asked: row.asked }));
    if (region !== undefined) return { ...row, sample: { ...row.sample, region } };
    source.problems.report({ file, what: `no region of question ${questionId}` });
    return row;
  });
}

/** The rows of the chosen units, in their order. */
function subsetOf<T>(rows: readonly TaskRow<T>[], options: SubsetOptions): TaskRow<T>[] {
  const units = Array.from(
    groupBy(rows, ({ sample }) => sample.group),
    ([name, own]) => {
      const { image } = own[own.length - 1].sample;
      const picture = image !== undefined && "path" in image ? image.path : name;
      return { group: own[0].sample.category, picture, size: own.length, rows: own };
    },
  );
  return chooseSubset(units, options)
    .flatMap((unit) => unit.rows)
    .sort((a, b) => a.sample.docId - b.sample.docId);
}

type Judged = Pick<Task, "samples" | "headline" | "best" | "score" | "sampleScore" | "files">;

function judged<T>(id: string, rows: readonly TaskRow<T>[], judge: Judge<T>): Judged {
  const truths = new Map(rows.map(({ sample, truth }) => [sample.docId, truth]));
  const answered = (answers: readonly (string | undefined)[]): AnsweredRow<T>[] => {
    if (answers.length === rows.length) return rows.map((row, i) => ({ ...row, answer: answers[i] }));
    const got = String(answers.length);
    throw new InvalidInputError({ operation: "score", expected: `an answer per sample, ${rows.length}`, got });
  };
  return {
    samples: rows.map(({ sample }) => sample),
    headline: judge.headline,
    best: judge.best(rows),
    score(answers) {
      const all = answered(answers);
      const missing = all.filter(({ answer }) => answer === undefined).length;
      const { metrics, warnings } = judge.score(all);
      const said = `${missing} of ${all.length} answers are missing and count as wrong`;
      return { metrics, warnings: missing === 0 ? warnings : [said, ...warnings] };
    },
    sampleScore({ docId }, answer) {
      if (truths.has(docId)) return judge.worth(truths.get(docId) as T, answer);
      throw new InvalidInputError({
        operation: "sampleScore",
        expected: "a sample of the task",
        got: `docId ${docId}`,
      });
    },
    files(answers, model) {
      const all = answered(answers);
      return [answerRows(id, all, { model, fields: judge.rowFields }), ...(judge.submission?.(all, id) ?? [])];
    },
  };
}
