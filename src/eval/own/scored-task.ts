/** @file Own questions with right answers as a task like the benchmarks. */
import { optionLetter } from "../../benchmarks/index.js";
import { anls } from "../metrics/anls.js";
import { exactMatch } from "../metrics/exact-match.js";
import { answeredOption } from "../metrics/option-answer.js";
import { mostFrequent, vqaAccuracy } from "../metrics/soft-accuracy.js";
import { OWN_RULE, type Sample, type Task } from "../task.js";
import { type AnsweredRow, judged, meanJudge } from "../tasks/judges.js";
import { TASK_IDS } from "../tasks/registry.js";
import type { OwnTruth } from "./truth.js";

/** Fewest answers that soft accuracy compares: of two equal ones, each is left out in turn, and the other is a third of the way. */
const LEAST_ANSWERS = 3;

/** Ways to score own questions: a score of 0 to 1 for each answer, and the mean over all. */
export const OWN_METRICS = ["accuracy", "exact_match", "soft_accuracy", "anls"] as const;
/** Name of one of these. */
export type OwnMetric = (typeof OWN_METRICS)[number];

/** Scores by texts. */
const BY_TEXT: Readonly<
  Record<Exclude<OwnMetric, "accuracy">, (answer: string, answers: readonly string[]) => number>
> = {
  exact_match: exactMatch,
  soft_accuracy: vqaAccuracy,
  // As lmms-eval has it, but for texts in both forms of Unicode.
  anls: (answer, answers) =>
    anls(
      answer.normalize(),
      answers.map((text) => text.normalize()),
    ),
};

/**
 * `accuracy` where a row has options; `soft_accuracy` where each row has the answers of three people or more, some of them the same; else
 * `exact_match`.
 */
export function likelyMetric(truths: readonly OwnTruth[]): OwnMetric {
  if (truths.some(({ options }) => options !== undefined)) return "accuracy";
  const lists = truths.flatMap(({ answers }) => (answers === undefined ? [] : [answers]));
  const isByPeople = lists.every((answers) => answers.length >= LEAST_ANSWERS);
  return isByPeople && lists.some((answers) => new Set(answers).size < answers.length)
    ? "soft_accuracy"
    : "exact_match";
}

/** Why a metric cannot score a row. */
export function misfit({ options, answers }: OwnTruth, metric: OwnMetric): string | undefined {
  if (metric === "accuracy") return options === undefined ? "no options, which accuracy needs" : undefined;
  if (options !== undefined) return `options, which are scored by accuracy and not by ${metric}`;
  const count = answers?.length ?? 0;
  if (metric !== "soft_accuracy" || count >= LEAST_ANSWERS) return undefined;
  return `${count} ${count === 1 ? "answer" : "answers"}, where soft accuracy compares ${LEAST_ANSWERS} or more`;
}

/** A question and its truth. */
interface OwnTaskRow {
  readonly sample: Omit<Sample, "target">;
  readonly truth: OwnTruth;
}

/** What a task is besides its rows. */
interface OwnTaskFacts extends Pick<Task, "folder" | "problems" | "maxNewTokens"> {
  /** Name of the file of questions. */
  readonly file: string;
  readonly metric: OwnMetric;
}

/** The task: a mean over all rows, and one over each group. @param rows that fit the metric. */
export function scoredTask(rows: readonly OwnTaskRow[], { file, metric, ...facts }: OwnTaskFacts): Task {
  const id = taskId(file);
  const judge = meanJudge(scorerOf(metric), {
    metric,
    groupsOf: ({ sample: { category } }) => (category === "" ? [] : [category]),
    warningsOf: metric === "accuracy" ? withoutOption : undefined,
  });
  const full = rows.map(({ sample, truth }) => {
    const more = truth.options ?? (truth.answers.length > 1 ? truth.answers : undefined);
    return {
      truth,
      asked: sample.question,
      sample: { ...sample, target: targetOf(truth), ...(more && { truth: more }) },
    };
  });
  const open = metric !== "accuracy";
  const alias = `${file} (${metric.replace("_", " ")})`;
  return { id, alias, rule: OWN_RULE, open, ...facts, ...judged(id, full, judge) };
}

function scorerOf(metric: OwnMetric): (truth: OwnTruth, answer: string) => number {
  if (metric === "accuracy") {
    return ({ options, place }, answer) => Number(options !== undefined && answeredOption(answer, options) === place);
  }
  return ({ answers }, answer) => (answers === undefined ? 0 : BY_TEXT[metric](answer, answers));
}

function withoutOption(rows: readonly AnsweredRow<OwnTruth>[]): string[] {
  const open = rows.filter(
    ({ truth, answer }) => answer !== undefined && answeredOption(answer, truth.options ?? []) < 0,
  );
  return open.length === 0 ? [] : [`${open.length} of ${rows.length} answers name no option and are wrong`];
}

/** The truth as text: the option's letter, or the answer that is there most often, the first of equals. */
function targetOf(truth: OwnTruth): string {
  if (truth.options !== undefined) return optionLetter(truth.place);
  return mostFrequent(truth.answers);
}

/** Longest id in characters and in bytes of UTF-8: it becomes part of names of files, which have 255 bytes. */
const LONGEST_ID = { characters: 80, bytes: 200 };

/** The file's name without its ending, as names of files may be; with `own_` in front where it is that of a benchmark or begins oddly. */
function taskId(file: string): string {
  const letters = [...file.replace(/\.\w+$/, "").replaceAll(/[^\p{L}\p{N}_.-]+/gu, "-")];
  const size = (text: string) => new TextEncoder().encode(text).length;
  let bare = letters.slice(0, LONGEST_ID.characters).join("");
  while (size(bare) > LONGEST_ID.bytes) bare = [...bare].slice(0, -1).join("");
  return /^[\p{L}\p{N}]/u.test(bare) && !TASK_IDS.includes(bare) && !bare.startsWith("syn_") ? bare : `own_${bare}`;
}
