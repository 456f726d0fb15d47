/** @file How answers become scores, official files, and the number that stands for a task. */
import { groupBy, refusalFor } from "../../core/index.js";
import { meanOrNull, textHash } from "../../math/index.js";
import type { AnswerFile, Combination, Sample, ScoredSample, Task, TaskScores } from "../task.js";

/** A question with its truth. */
export interface TaskRow<T> {
  readonly sample: Sample;
  /** The right answer, in the task's own form. */
  readonly truth: T;
  /** The question as LLaVA's rule asks it: regions are found by it. */
  readonly asked: string;
}

/** A row and its answer. */
export interface AnsweredRow<T> extends TaskRow<T>, Pick<ScoredSample, "answer" | "score"> {}

/** Scores of a task by one rule. */
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

/** The mean score. */
export const MEAN_SCORE: Combination = {
  counts: (samples) => samples.map(({ score }) => [score, 1]),
  value: ([sum, samples]) => (samples === 0 ? null : sum / samples),
};

/** Counts of groups, each at its first sample. @param length of a group's list; other samples have as many zeros. */
export function groupCounts(
  samples: readonly ScoredSample[],
  length: number,
  countsOf: (group: readonly ScoredSample[]) => readonly number[],
): readonly (readonly number[])[] {
  const none = new Array<number>(length).fill(0);
  const counts = samples.map((): readonly number[] => none);
  for (const places of groupBy([...samples.keys()], (i) => samples[i].group).values()) {
    counts[places[0]] = countsOf(places.map((i) => samples[i]));
  }
  return counts;
}

/** Means over groups of rows beside the mean over all. */
interface MeanOptions<T> {
  /** Name of the metric. Default: `exact_match`. */
  readonly metric?: string;
  /** Names of a row's groups: `METRIC/NAME` is the mean over a group. Default: its category. */
  readonly groupsOf?: (row: AnsweredRow<T>) => readonly string[];
  /** Further metrics. */
  readonly more?: (rows: readonly AnsweredRow<T>[]) => TaskScores["metrics"];
  /** What must be said with the scores. */
  readonly warningsOf?: (rows: readonly AnsweredRow<T>[]) => TaskScores["warnings"];
  readonly submission?: Judge<T>["submission"];
}

/** Mean score, 0 to 1: over all rows and over groups; missing answers are wrong. */
export function meanJudge<T>(
  sampleScore: Judge<T>["sampleScore"],
  {
    metric = "exact_match",
    groupsOf = ({ sample }) => [sample.category],
    more,
    warningsOf = () => [],
    submission,
  }: MeanOptions<T> = {},
): Judge<T> {
  return {
    headline: metric,
    combination: MEAN_SCORE,
    maxScore: () => 1,
    sampleScore,
    score(rows) {
      const metrics: Record<string, number | null> = { [metric]: meanOrNull(rows.map(({ score }) => score)) };
      const grouped = rows.flatMap((row) => groupsOf(row).map((group) => ({ group, score: row.score })));
      for (const [name, own] of groupBy(grouped, ({ group }) => group)) {
        metrics[`${metric}/${name}`] = meanOrNull(own.map(({ score }) => score));
      }
      return { metrics: { ...metrics, ...more?.(rows) }, warnings: warningsOf(rows) };
    },
    submission,
  };
}

/** Rows and their judge as the part of a task that rests on answers. @param id of the task. */
export function judged<T>(
  id: string,
  rows: readonly TaskRow<T>[],
  judge: Judge<T>,
): Pick<Task, "samples" | "headline" | "maxScore" | "combination" | "score" | "sampleScore" | "files"> {
  const { headline, combination } = judge;
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
      const lines = all.map((row) => answerLine(id, model, row, judge.rowFields?.(row.truth)));
      return [{ name: `answers_${id}.jsonl`, data: lines.join("") }, ...(judge.submission?.(all, id) ?? [])];
    },
  };
}

/**
 * A line of LLaVA's answer file: `question_id`, `prompt`, `text`, `answer_id`, `model_id`, `metadata`. The official scripts go by rows and
 * their places, so a missing answer is an empty one, and its metadata say so. The id follows from task, place and answer.
 */
function answerLine(
  id: string,
  model: string,
  { sample: { docId, questionId, prompt }, answer }: AnsweredRow<unknown>,
  { round_id, ...more }: Readonly<Record<string, unknown>> = {},
): string {
  const row = {
    question_id: questionId,
    ...(round_id !== undefined && { round_id }),
    prompt,
    text: answer ?? "",
    ...more,
    answer_id: textHash(`${id} ${docId} ${answer ?? ""}`),
    model_id: model,
    metadata: answer === undefined ? { missing: true } : {},
  };
  return `${JSON.stringify(row)}\n`;
}
