/**
 * @file POPE (arXiv 2305.10355), as LLaVA asks it: 8910 questions in three splits. Questions and labels are joined by picture and
 * object. The released label files changed their order and length: joined by place, the same answers score 0.87 or 0.46.
 */
import { POPE, SHORT_ANSWER, withoutLine, YES_OR_NO } from "../../benchmarks/index.js";
import { groupBy } from "../../core/index.js";
import { meanOrNull } from "../../math/index.js";
import {
  lmmsPopePrediction,
  lmmsPopeScores,
  popeAnswer,
  popeF1,
  popeObject,
  popeScores,
  vlmevalkitYesNo,
  type YesNo,
} from "../metrics/pope.js";
import type { Combination, TaskScores } from "../task.js";
import { defineTask, type TaskSource, type TaskSpec } from "./define-task.js";
import type { AnsweredRow, Judge, TaskRow } from "./judges.js";

type Split = (typeof POPE.splits)[number];

function readRows(source: TaskSource, splits: readonly Split[]): TaskRow<YesNo>[] {
  const labels = new Map(splits.map((split) => [split as string, readLabels(source, split)]));
  const rows: TaskRow<YesNo>[] = [];
  const known = new Set<string>();
  for (const { place, value, report } of source.rows("questions", POPE.question)) {
    const { question_id: questionId, image, text: asked, category } = value;
    const own = labels.get(category);
    if (own === undefined) {
      if (!POPE.splits.includes(category as Split))
        report(`category ${JSON.stringify(category)}, none of ${POPE.splits}`);
      continue;
    }
    const relevanceText = withoutLine(asked, SHORT_ANSWER);
    const key = joinKey(image, relevanceText);
    const truth = own.get(key);
    if (known.has(`${category}\n${key}`)) report("a question that was there before");
    else if (truth === undefined) report(`no label, or more than one, in the ${category} split`);
    else {
      known.add(`${category}\n${key}`);
      const question = source.rule === "vlmevalkit" ? `${relevanceText} ${YES_OR_NO}` : asked;
      const texts = { prompt: question, question, relevanceText, target: truth };
      const groups = { picture: image, category, group: String(place) };
      rows.push({ sample: { docId: place, questionId, image: { path: image }, ...texts, ...groups }, truth, asked });
    }
  }
  return rows;
}

/** Labels by `joinKey`; a key with two different labels has none. */
function readLabels(source: TaskSource, split: Split): ReadonlyMap<string, YesNo> {
  const labels = new Map<string, YesNo>();
  const contrary = new Set<string>();
  for (const { value, report } of source.rows(split, POPE.label)) {
    const key = joinKey(value.image, value.text);
    if ((labels.get(key) ?? value.label) === value.label) labels.set(key, value.label);
    else {
      contrary.add(key);
      report(`a second label of ${JSON.stringify(value.text)} on ${value.image}`);
    }
  }
  for (const key of contrary) labels.delete(key);
  return labels;
}

function joinKey(image: string, question: string): string {
  return `${image}\n${popeObject(question) ?? question}`;
}

type Metrics = TaskScores["metrics"];
const HEADLINE = "pope_f1_score";

/** A script's reading and scoring of answers. */
interface Scoring {
  /** Only `yes` and `no` can be right. */
  readonly read: (answer: string) => string;
  /** The reading behind F1. Default: `read`. */
  readonly readForF1?: (answer: string) => string;
  readonly scores: (labels: readonly YesNo[], answers: readonly string[]) => Metrics;
  /** Whether the number is the mean of the splits, none of which has a number without a hit. Default: it is over all rows, or 0. */
  readonly isMeanOfSplits?: boolean;
  /** F1 of a perfect model. Default: 1. */
  readonly scale?: number;
}

const LLAVA: Scoring = {
  read: popeAnswer,
  isMeanOfSplits: true,
  scores(labels, answers) {
    const { f1, accuracy, precision, recall, yesRatio } = popeScores(labels, answers);
    const parts = { pope_accuracy: accuracy, pope_precision: precision, pope_recall: recall };
    return { [HEADLINE]: f1, ...parts, pope_yes_ratio: yesRatio };
  },
};
const LMMS_EVAL: Scoring = { read: lmmsPopePrediction, scores: lmmsPopeScores };
/** An answer that is neither counts as no in the F1, and as wrong in the accuracy. */
const kitReadForF1 = (answer: string) => (vlmevalkitYesNo(answer) === "Yes" ? "yes" : "no");
const VLMEVALKIT: Scoring = {
  read: (answer) => vlmevalkitYesNo(answer).toLowerCase(),
  readForF1: kitReadForF1,
  scale: 100,
  scores(labels, answers) {
    const { pope_accuracy, pope_yes_ratio } = lmmsPopeScores(labels, answers.map(vlmevalkitYesNo));
    const { pope_precision, pope_recall, pope_f1_score } = lmmsPopeScores(labels, answers.map(kitReadForF1));
    const shares = { pope_accuracy, pope_precision, pope_recall, pope_f1_score };
    const percentages = Object.entries(shares).map(([name, share]) => [name, 100 * share]);
    return { ...Object.fromEntries(percentages), pope_yes_ratio };
  },
};

function popeJudge(splits: readonly Split[], scoring: Scoring): Judge<YesNo> {
  const scoresOf = (rows: readonly AnsweredRow<YesNo>[]) =>
    scoring.scores(
      rows.map(({ truth }) => truth),
      rows.map(({ truth, answer }) => given(truth, answer)),
    );
  return {
    headline: HEADLINE,
    combination: f1Of(splits, scoring),
    maxScore: () => scoring.scale ?? 1,
    sampleScore: (truth, answer) => Number(scoring.read(answer) === truth),
    score(rows) {
      const bySplit = [...groupBy(rows, ({ sample }) => sample.category)].map(([split, own]) => {
        return [split, scoresOf(own)] as const;
      });
      const metrics: Record<string, number | null> = scoring.isMeanOfSplits
        ? meanOf(bySplit.map(([, scores]) => scores))
        : { ...scoresOf(rows) };
      for (const [split, scores] of bySplit) {
        for (const [name, value] of Object.entries(scores)) metrics[`${name}/${split}`] = value;
      }
      const stopped = bySplit.filter(([, scores]) => scores[HEADLINE] === null);
      const absent = splits.filter((split) => bySplit.every(([name]) => name !== split));
      return {
        metrics,
        warnings: [
          ...(absent.length > 0 ? [`${HEADLINE}: the number is without ${absent.join(", ")}`] : []),
          ...stopped.map(([split]) => `${split}: no F1, where the official script divides by zero and stops`),
        ],
      };
    },
  };
}

/** The answer; for a missing one the wrong word, since no rule has a third that is wrong on both sides. */
function given(truth: string, answer: string | undefined): string {
  return answer ?? (truth === "yes" ? "no" : "yes");
}

/** Mean of each metric; none where one of them has none. */
function meanOf(all: readonly Metrics[]): Record<string, number | null> {
  return Object.fromEntries(
    Object.keys(all[0]).map((name) => {
      const values = all.map((scores) => scores[name]);
      return [name, values.includes(null) ? null : meanOrNull(values as number[])];
    }),
  );
}

/** F1 from counts of each split: questions, hits, false yes, false no. */
function f1Of(splits: readonly Split[], { read, readForF1 = read, isMeanOfSplits, scale = 1 }: Scoring): Combination {
  return {
    counts: (samples) =>
      samples.map(({ target, category, answer }) => {
        const reading = readForF1(given(target, answer));
        const is = (word: YesNo, truth: YesNo) => Number(reading === word && target === truth);
        const own = [1, is("yes", "yes"), is("yes", "no"), is("no", "yes")];
        return splits.flatMap((split) => (split === category ? own : [0, 0, 0, 0]));
      }),
    value(sums) {
      const bySplit = splits.map((_, i) => sums.slice(4 * i, 4 * i + 4)).filter(([questions]) => questions > 0);
      if (bySplit.length === 0) return null;
      if (isMeanOfSplits) return meanOf(bySplit.map(([, ...counts]) => ({ f1: popeF1(counts).f1 }))).f1;
      const [, ...counts] = bySplit.reduce((sums, own) => sums.map((sum, i) => sum + own[i]));
      return scale * (popeF1(counts).f1 ?? 0);
    },
  };
}

/** POPE by some of its splits; of several, LLaVA's number is the mean of their F1. */
export function popeTask(id: string, name: string, splits: readonly Split[] = POPE.splits): TaskSpec {
  const all = splits.length > 1;
  const rule = (number: string, maxNewTokens: number, scoring: Scoring) => {
    return { number, maxNewTokens, judge: popeJudge(splits, scoring) };
  };
  return defineTask<YesNo>({
    id,
    name,
    folder: POPE.folder,
    pictures: POPE.pictures,
    files: () => ({
      questions: POPE.questions,
      ...Object.fromEntries(splits.map((split) => [split, POPE.labels(split)])),
    }),
    rules: {
      llava: rule(all ? "mean F1 of the splits" : "F1", 128, LLAVA),
      lmms_eval: rule(`F1${all ? " over all rows" : ""}, lmms-eval`, 128, LMMS_EVAL),
      vlmevalkit: rule(`F1 x 100${all ? " over all rows" : ""}, VLMEvalKit`, 2048, VLMEVALKIT),
    },
    read: (source) => readRows(source, splits),
  });
}
