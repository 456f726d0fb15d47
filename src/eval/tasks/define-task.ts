/** @file How a benchmark is written down, and how its files become a `Task`. */
import { REGIONS } from "../../benchmarks/index.js";
import { groupBy, type InvalidInputError, refusalFor, shape } from "../../core/index.js";
import type { Combination, Rule, SampleRegion, Task } from "../task.js";
import { jsonItems } from "./json-items.js";
import { type FileRow, parseJsonLines } from "./json-lines.js";
import { type Judge, judged, type TaskRow } from "./judges.js";
import { type ProblemLog, problemLog } from "./problem-log.js";
import { chooseSubset, type SubsetOptions } from "./subset.js";

/** A task by one rule. */
export interface RuleDefinition<T> {
  /** Name of the task for people, where this rule has a part of its own. */
  readonly name?: string;
  /** Which number the headline is, for people: `accuracy, lmms-eval`. */
  readonly number: string;
  /** Longest answer, in tokens. */
  readonly maxNewTokens: number;
  readonly judge: Judge<T>;
}

/** A file's text, and its path for messages. */
export interface SourceFile {
  readonly text: string;
  readonly file: string;
}

/** A task's files, read by a rule; rows that cannot be used are noted in `problems`. */
export type TaskSource = ReturnType<typeof taskSource>;

/** A benchmark, as it is written down. */
export interface TaskDefinition<T> {
  readonly id: string;
  /** Name for people. */
  readonly name: string;
  /** Below the data root. */
  readonly folder: string;
  /** Folder of the pictures, below `folder`; undefined where they are in the rows. */
  readonly pictures?: string;
  /** Whether answers are letters of options. Default: they are not, and the task is open. */
  readonly lettered?: boolean;
  /** Paths below the task's folder by the file's content: questions, labels, … */
  files(rule: Rule): Readonly<Record<string, string>>;
  /** Paths of further files, which may be missing, from the texts by path of the others. */
  linkedFiles?(texts: ReadonlyMap<string, string>): readonly string[];
  /** Definition for each rule that the task has, the default first. */
  readonly rules: Partial<Readonly<Record<Rule, RuleDefinition<T>>>>;
  /** Rows of the task from its files. */
  read(source: TaskSource): readonly TaskRow<T>[];
}

/** Rule, part and files by which a task is read. */
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
export interface TaskSpec
  extends Pick<TaskDefinition<unknown>, "id" | "folder" | "pictures" | "files">,
    Required<Pick<TaskDefinition<unknown>, "linkedFiles">> {
  /** Rules that the task has, the default first. */
  readonly rules: readonly Rule[];
  /** How samples combine to the task's number. @throws InvalidInputError for a rule that the task does not have. */
  combination(rule: Rule): Combination;
  /**
   * @throws InvalidInputError for a rule that the task does not have, a missing text, or files without a usable question. Likewise
   *   for a limit that nothing fits in and, if strict, for the first problem.
   */
  read(options: ReadOptions): Task;
}

const refuse = refusalFor("readTask");

const OPTIONS = {
  rule: shape.text,
  strict: shape.flag,
  subset: shape.optional(shape.object({ limit: shape.integer(1), seed: shape.count })),
  folder: shape.text,
  texts: shape.value<ReadonlyMap<string, string>>("texts by their paths in a Map", (texts) => {
    return texts instanceof Map && Array.from(texts.values()).every((text) => typeof text === "string");
  }),
};

/** A task from its definition. Synthetic ones, named `syn_…`, have a file of regions beside their own. */
export function defineTask<T>(definition: TaskDefinition<T>): TaskSpec {
  const { id, folder, pictures, rules, lettered = false } = definition;
  const isSynthetic = id.startsWith("syn_");
  const byRule = (rule: Rule): RuleDefinition<T> => {
    const found = rules[rule];
    if (found === undefined) throw refuse(`a rule of ${id}: ${Object.keys(rules)}`, rule);
    return found;
  };
  const files = (rule: Rule) => ({ ...definition.files(rule), ...(isSynthetic && { regions: REGIONS.file }) });
  return {
    id,
    folder,
    pictures,
    rules: Object.keys(rules) as Rule[],
    combination: (rule) => byRule(rule).judge.combination,
    files,
    linkedFiles: (texts) => definition.linkedFiles?.(texts) ?? [],
    read(given) {
      const options = shape.options(given, OPTIONS, refuse);
      const { rule } = options;
      const { name = definition.name, number, maxNewTokens, judge } = byRule(rule);
      const problems = problemLog(options.strict);
      const source = taskSource(folder, files(rule), options, problems);
      const rows = definition.read(source);
      if (rows.length === 0) throw withoutRows(`${folder}/${Object.values(files(rule))[0]}`, problems);
      const placed = isSynthetic ? withRegions(rows, source) : rows;
      const chosen = options.subset === undefined ? placed : subsetOf(placed, options.subset);
      const facts = {
        id,
        alias: `${name} (${number})`,
        maxNewTokens,
        open: !lettered,
        rule,
        folder: options.folder,
        problems: problems.found,
      };
      return { ...facts, ...judged(id, chosen, judge) };
    },
  };
}

function taskSource(
  folder: string,
  files: Readonly<Record<string, string>>,
  { rule, texts }: ReadOptions,
  problems: ProblemLog,
) {
  const linked = (path: string): SourceFile | undefined => {
    const text = texts.get(path);
    return text === undefined ? undefined : { text, file: `${folder}/${path}` };
  };
  const file = (name: string) => {
    const found = linked(files[name]);
    if (found === undefined) throw refuse(`the text of ${folder}/${files[name]}`, "none");
    return found;
  };
  return {
    rule,
    problems,
    /** A file that the first one names, by its path below the task's folder; undefined if it is not there. */
    linked,
    /** A file of the task by its name. */
    file,
    /** Rows of a file of JSON lines. */
    rows<T>(name: string, shape: shape.Shape<T>): Iterable<FileRow<T>> {
      const { text, ...place } = file(name);
      return parseJsonLines(text, { ...place, shape, problems });
    },
    /** Items of the list `key` of a JSON file, or, without a key, of the list that the file is. */
    items<T>(name: string, key: string | undefined, shape: shape.Shape<T>): Iterable<FileRow<T>> {
      const { text, ...place } = file(name);
      return jsonItems(text, key, { ...place, shape, problems });
    },
  };
}

function withoutRows(file: string, { found: [first] }: ProblemLog): InvalidInputError {
  const got =
    first === undefined ? "none" : `none; the first problem: ${first.what} (${first.file}:${first.line ?? "?"})`;
  return refuse(`at least one usable question in ${file}`, got);
}

/** The rows of a synthetic task with their regions: `regions.jsonl`, which the mirrored layouts have no place for. */
function withRegions<T>(rows: readonly TaskRow<T>[], source: TaskSource): TaskRow<T>[] {
  const { file } = source.file("regions");
  const regions = new Map<string, SampleRegion>();
  for (const { value, report } of source.rows("regions", REGIONS.region)) {
    const { question_id, prompt, type, slice, half: split, boxes } = value;
    const key = `${question_id}\n${prompt}`;
    if (regions.has(key)) report(`question ${question_id} again`);
    else regions.set(key, { type, slice, split, boxes });
  }
  return rows.map((row) => {
    const { questionId } = row.sample;
    const region = regions.get(`${questionId}\n${row.asked}`);
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
