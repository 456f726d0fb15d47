/** @file The user's own questions about their own images: a task with scores where rows have answers, else samples to compare. */
import { lettered, multipleChoiceQuestion, shortAnswerQuestion } from "../../benchmarks/index.js";
import { MAX_NEW_TOKENS, optionsOf, refusalFor, shape } from "../../core/index.js";
import type { AskedTask } from "../run/answer-samples.js";
import { AGREEMENT_RULE, type RunRequest } from "../run/run-folder.js";
import type { Sample, Task } from "../task.js";
import { type ProblemLog, problemLog } from "../tasks/problem-log.js";
import { chooseSubset, type SubsetOptions } from "../tasks/subset.js";
import { imageFinder } from "./image-paths.js";
import { MAX_ROWS, type OwnRow, ownRows } from "./own-rows.js";
import { likelyMetric, misfit, OWN_METRICS, type OwnMetric, scoredTask } from "./scored-task.js";
import { type OwnTruth, truthOf } from "./truth.js";

/** Files of a user's own questions, read. */
export interface OwnDataRequest {
  /** Content of the file of questions. */
  readonly text: string;
  /** Its name: the ending says its form, the rest becomes the task's id. */
  readonly file: string;
  /** Folder of the images, and their paths below it, with slashes. */
  readonly folder: string;
  readonly images: readonly string[];
  /** Default: what the rows' answers suggest; see `likelyMetric`. */
  readonly metric?: OwnMetric;
  /** Asks questions as they are written. Default: with their options, and with the closing line of benchmarks for questions that have a truth. */
  readonly plain?: boolean;
  /** Longest answer, in tokens. Default: 64. */
  readonly maxNewTokens?: number;
  /** A drawn part of the questions. Default: all. */
  readonly subset?: SubsetOptions;
  /** Whether the first row that cannot be used ends the reading. Default: it is listed in `problems`. */
  readonly strict?: boolean;
}

/** Own questions as a task of a run. */
export type OwnData =
  | {
      readonly kind: "scored";
      readonly task: Task /** Sentences for the run's notes. */;
      readonly notes: readonly string[];
    }
  | { readonly kind: "agreement"; readonly task: AgreementTask };

/** Own questions without right answers. */
export type AgreementTask = RunRequest["tasks"][number] & AskedTask;

const { flag, integer, list, oneOf, optional, text } = shape;
const SHAPES = {
  text,
  file: text,
  folder: text,
  images: list(text),
  metric: optional(oneOf(...OWN_METRICS)),
  plain: optional(flag),
  maxNewTokens: optional(integer(1)),
  subset: optional(shape.object({ limit: integer(1), seed: integer(0) })),
  strict: optional(flag),
};

const refuse = refusalFor("eval");

/**
 * Own questions from a file. With right answers in any row, it is a scored task: rows without one are problems, and rows without an image are
 * asked as text alone. Without any, answers are to be compared with those of all tokens, and a row without an image is asked about each.
 *
 * @throws InvalidInputError for a file that is broken as a whole or without a usable row, for a metric that its rows do not have, and for more
 *   than `MAX_ROWS` questions. If `strict`, for the first row that cannot be used.
 */
export function ownData(given: OwnDataRequest): OwnData {
  const request = optionsOf("ownData", given, SHAPES);
  const { file, metric, strict = false } = request;
  const problems = problemLog(strict);
  const groups = new Set<string>();
  const rows = [...checkedRows(request, problems, groups)];
  if (rows.some(({ truth }) => truth !== undefined)) return scoredData({ rows, groups }, request, problems);
  const [first] = problems.found;
  const none = first === undefined ? "none" : `none; the first problem: ${first.what} (line ${first.line})`;
  if (rows.length === 0) throw refuse(`questions in ${file}`, none);
  if (metric !== undefined) throw refuse(`answers in ${file}, which --metric compares with`, none);
  const asked = agreementSamples(rows, request).map((sample) => ({ sample }));
  const samples = partOf(asked, request).map(({ sample }) => sample);
  const facts = { alias: "own questions", rule: AGREEMENT_RULE, headline: "unchanged", maxScore: 1 } as const;
  return { kind: "agreement", task: { ...facts, id: "own", ...factsOf(request, problems), samples } };
}

/** A row that can be asked. */
interface CheckedRow {
  readonly row: OwnRow;
  readonly truth?: OwnTruth;
  readonly image?: { readonly path: string };
}

/** Rows with their images and truths; each of the others is a problem. @param groups gets those of all of them. */
function* checkedRows(
  { text, file, folder, images }: OwnDataRequest,
  problems: ProblemLog,
  groups: Set<string>,
): Generator<CheckedRow> {
  const find = imageFinder(images, folder);
  const lines = new Map<string, number>();
  for (const row of ownRows(text, { file, problems })) {
    const { image, id, group } = row.value;
    if (group !== undefined) groups.add(group);
    const truth = truthOf(row.value);
    const found = image === undefined ? undefined : find(image);
    const before = id === undefined ? undefined : lines.get(String(id));
    if (id !== undefined && before === undefined) lines.set(String(id), row.line);
    if (typeof truth === "string") row.report(truth);
    else if (typeof found === "string") row.report(found);
    else if (before !== undefined) row.report(`id ${id} again, first in line ${before}`);
    else yield { row, truth, image: found };
  }
}

/** The rows that can be asked, and the groups of all rows. */
interface CheckedRows {
  readonly rows: readonly CheckedRow[];
  readonly groups: ReadonlySet<string>;
}

function scoredData({ rows, groups }: CheckedRows, request: OwnDataRequest, problems: ProblemLog): OwnData {
  const { file, metric = likelyMetric(rows.flatMap(({ truth }) => truth ?? [])), plain } = request;
  const judged = rows.flatMap(({ truth, ...checked }) => {
    const why = truth === undefined ? "no right answer, which other rows have: it is not asked" : misfit(truth, metric);
    if (why !== undefined) checked.row.report(why);
    return truth === undefined || why !== undefined ? [] : [{ truth, sample: sampleOf({ truth, ...checked }, plain) }];
  });
  if (judged.length === 0) throw refuse(`a row of ${file} that ${metric} can score`, problems.found.at(-1)?.what);
  const task = scoredTask(partOf(judged, request), { ...factsOf(request, problems), file, metric });
  const texts = task.samples.filter(({ image }) => image === undefined).length;
  if (texts === task.samples.length) throw refuse(`images in rows of ${file}`, "none: there is nothing to compress");
  const asked = new Set(task.samples.map(({ category }) => category));
  const absent = [...groups].filter((group) => !asked.has(group));
  const notes = [
    ...(texts > 0 ? [`${texts} of ${task.samples.length} questions name no image and are asked as text alone.`] : []),
    ...(absent.length > 0
      ? [`No number has the ${absent.length === 1 ? "group" : "groups"} ${absent.join(", ")}: no row is asked.`]
      : []),
  ];
  return { kind: "scored", task, notes };
}

/** The questions that are drawn, in their order; all where no part is asked for. */
function partOf<R extends { readonly sample: Pick<Sample, "category" | "picture" | "docId"> }>(
  rows: readonly R[],
  { subset }: OwnDataRequest,
): readonly R[] {
  if (subset === undefined) return rows;
  const units = rows.map((row) => {
    const { category, docId, picture = String(docId) } = row.sample;
    return { group: category, picture, size: 1, row };
  });
  return chooseSubset(units, subset)
    .map(({ row }) => row)
    .sort((a, b) => a.sample.docId - b.sample.docId);
}

function factsOf({ folder, maxNewTokens = MAX_NEW_TOKENS }: OwnDataRequest, { found }: ProblemLog) {
  const problems = found.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  return { folder, maxNewTokens, problems };
}

/** The question with its options and closing line, as benchmarks ask it. */
function promptOf({ question, options }: OwnRow["value"], isShort: boolean): string {
  if (options !== undefined) return multipleChoiceQuestion(`${question}\n${lettered(options)}`);
  return isShort ? shortAnswerQuestion(question) : question;
}

function sampleOf({ row, truth, image }: CheckedRow, plain = false): Omit<Sample, "target"> {
  const { place, value } = row;
  const question = plain ? value.question : promptOf(value, truth !== undefined);
  return {
    docId: place,
    questionId: value.id ?? place,
    ...(image !== undefined && { image, picture: image.path }),
    prompt: question,
    question,
    relevanceText: value.question,
    category: value.group ?? "",
    group: String(place),
  };
}

/** A sample per image and question. */
function agreementSamples(rows: readonly CheckedRow[], { images, file, plain }: OwnDataRequest): Sample[] {
  const every = images.map((path) => ({ path }));
  const count = rows.reduce((sum, { image }) => sum + (image === undefined ? every.length : 1), 0);
  if (count > MAX_ROWS) throw refuse(`at most ${MAX_ROWS} questions of ${file} about images`, count);
  const asked = rows.flatMap((own) =>
    (own.image === undefined ? every : [own.image]).map((image) => ({ ...own, image })),
  );
  return asked.map((own, docId) => {
    const numbers = { docId, questionId: own.row.value.id ?? docId, group: String(docId) };
    return { ...sampleOf(own, plain), ...numbers, target: "" };
  });
}
