/** @file MME's scores by rule. */
import { groupBy } from "../../core/index.js";
import {
  type LmmsMmeRow,
  lmmsMmeAnswer,
  lmmsMmeScores,
  MME_COGNITION,
  MME_PERCEPTION,
  type MmeScores,
  mmeAnswer,
  mmeScores,
} from "../metrics/mme.js";
import { vlmevalkitYesNo } from "../metrics/pope.js";
import type { AnswerFile, Rule, TaskScores } from "../task.js";
import type { AnsweredRow, Judge, TaskRow } from "./task-definition.js";

export interface MmeTruth {
  readonly subtask: string;
  /** As MME's file has it. */
  readonly question: string;
  /** `Yes` or `No`. */
  readonly truth: string;
  /** Name of MME's file. */
  readonly file: string;
}

type Row = AnsweredRow<MmeTruth>;
type Subtasks = ReadonlyMap<string, readonly LmmsMmeRow[]>;
type Scores = Pick<MmeScores, "tasks" | "perception" | "cognition">;

/** Most of a subtask: 100 for the questions and 100 for the pairs. */
const BEST_OF_SUBTASK = 200;

/** MME's judge of each rule. */
export const MME_JUDGES: Readonly<Record<Rule, Judge<MmeTruth>>> = {
  llava: judge((answer) => mmeAnswer(lastField(answer)), officialScores),
  lmms_eval: judge(lmmsMmeAnswer, (rows) => {
    const subtasks = subtasksOf(rows, (answer) => answer);
    return { metrics: metricsOf(subtasks, lmmsScores(subtasks)), warnings: [] };
  }),
  vlmevalkit: judge(vlmevalkitAnswer, (rows) => {
    const subtasks = subtasksOf(rows, vlmevalkitAnswer);
    return { metrics: metricsOf(subtasks, mmeScores(subtasks)), warnings: [] };
  }),
};

function judge(read: (answer: string) => string, score: (rows: readonly Row[]) => TaskScores): Judge<MmeTruth> {
  return {
    headline: "mme_perception_score",
    best: (rows) => BEST_OF_SUBTASK * subtasksIn(rows, MME_PERCEPTION).length,
    score,
    worth: ({ truth }, answer) => Number(read(answer) === truth.toLowerCase()),
    submission,
  };
}

/** The answer as the last field of a line, which is what MME's tool looks at. */
function lastField(answer: string): string {
  return `${oneField(answer)}\n`;
}

/** A tab or a line end in an answer would break the tool's table. */
function oneField(answer: string): string {
  return answer.replaceAll(/[\t\r\n]/g, " ");
}

function vlmevalkitAnswer(answer: string): string {
  return vlmevalkitYesNo(answer).toLowerCase();
}

function officialScores(rows: readonly Row[]): TaskScores {
  const subtasks = subtasksOf(rows, lastField);
  const scores = mmeScores(subtasks);
  return { metrics: metricsOf(subtasks, scores), warnings: scores.warnings };
}

/** lmms-eval's sums, and the same of each subtask alone. */
function lmmsScores(subtasks: Subtasks): Scores {
  const sums = (some: Subtasks) => {
    const { mme_perception_score: perception, mme_cognition_score: cognition } = lmmsMmeScores(some);
    return { perception, cognition };
  };
  const tasks = [...subtasks].map(([name, rows]) => {
    const { perception, cognition } = sums(new Map([[name, rows]]));
    return [name, perception + cognition] as const;
  });
  return { ...sums(subtasks), tasks: Object.fromEntries(tasks) };
}

/** Pairs one after the other, by subtask; a missing answer is an empty one, which is wrong. */
function subtasksOf(rows: readonly Row[], read: (answer: string) => string): Subtasks {
  const subtasks = new Map<string, LmmsMmeRow[]>();
  for (const [image, pair] of groupBy(rows, ({ sample }) => sample.group)) {
    for (const { truth, answer } of pair) {
      const own = subtasks.get(truth.subtask) ?? [];
      own.push({ image, truth: truth.truth, prediction: read(answer ?? "") });
      subtasks.set(truth.subtask, own);
    }
  }
  return subtasks;
}

/** Both sums, null without a subtask, and each subtask's score. */
function metricsOf(subtasks: Subtasks, { tasks, perception, cognition }: Scores): Record<string, number | null> {
  const has = (names: readonly string[]) => names.some((name) => subtasks.has(name));
  const own = Object.entries(tasks).map(([name, value]) => [`mme_score/${name}`, value] as const);
  return {
    mme_perception_score: has(MME_PERCEPTION) ? perception : null,
    mme_cognition_score: has(MME_COGNITION) ? cognition : null,
    ...Object.fromEntries(own),
  };
}

function subtasksIn(rows: readonly TaskRow<MmeTruth>[], names: readonly string[]): string[] {
  return names.filter((name) => rows.some(({ truth }) => truth.subtask === name));
}

/** A file per subtask, lines of file, question, truth and answer: what MME's tool reads (calculation.py, `--results_dir`). */
function submission(rows: readonly Row[], id: string): AnswerFile[] {
  return [...groupBy(rows, ({ truth }) => truth.subtask)].map(([subtask, own]) => ({
    name: `submission_${id}/${subtask}.txt`,
    data: own
      .map(
        ({ truth: { file, question, truth }, answer = "" }) =>
          `${[file, question, truth, oneField(answer)].join("\t")}\n`,
      )
      .join(""),
  }));
}
