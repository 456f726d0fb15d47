/** @file Agreement: how often a compressed model says the same as with all tokens. No truth is needed. */
import { groupBy, refusalFor, shape } from "../../core/index.js";
import { mean } from "../../math/index.js";
import { plainAnswer } from "../metrics/own-answer.js";
import {
  type AnsweredRecord,
  type AnswerRecord,
  isAnswered,
  keyText,
  type Records,
  recordsShape,
} from "../run/answer-record.js";
import { REFERENCE, type Setting, settingShape } from "../run/settings.js";
import { drawClusters, drawnSum, type Interval, percentileInterval } from "../stats/bootstrap.js";
import { shareInterval } from "../stats/share.js";

/** Answers beside those with all tokens. */
export interface AgreementCounts {
  /** Samples that both answered. */
  readonly answered: number;
  /** Equal but for case, white space and punctuation at the end (`plainAnswer`). */
  readonly unchanged: number;
}

/** Answers beside those with all tokens, and how sure their share is. */
export interface AgreementShare extends AgreementCounts {
  /** 95 % interval of the share of unchanged answers, 0 to 1; undefined where nothing is compared. See `shareInterval`. */
  readonly interval?: Interval;
}

/** One setting beside all tokens. */
export interface SettingAgreement extends AgreementShare {
  /** Id of the setting. */
  readonly setting: string;
  /** Mean F1 over the words of both answers, 0 to 1: long answers are rarely equal. */
  readonly similarity: number;
  /** Mean number of visual tokens. */
  readonly kept: number;
  /** Mean KL of the first token from all tokens, nats, and its 95 % interval over pictures; undefined without `--logits`. */
  readonly kl?: number;
  readonly klInterval?: Interval;
}

/** A sample whose answer changed. */
export interface ChangedAnswer {
  /** The sample's `docId`. */
  readonly doc: number;
  /** Id of the setting. */
  readonly setting: string;
  /** The answer with all tokens. */
  readonly full: string;
  /** The setting's own answer. */
  readonly answer: string;
  /** F1 over the words of both answers, 0 to 1. */
  readonly similarity: number;
}

/** Both answers to one sample, and its picture. */
interface Pair {
  readonly picture: string | number;
  readonly full: AnsweredRecord;
  readonly own: AnsweredRecord;
}

/** Answers of some settings beside those with all tokens, to samples in the same order. */
export interface ComparedAnswers {
  readonly reference: readonly (AnswerRecord | undefined)[];
  /** A list per setting. */
  readonly settings: readonly (readonly (AnswerRecord | undefined)[])[];
  /** A key of each sample's picture: answers about one picture are not independent. Undefined for a sample without one. */
  readonly pictures: ArrayLike<string | number | undefined>;
}

/** The share over several tasks, of all settings together. Pictures of different tasks are different ones. */
export function agreementShare(tasks: readonly ComparedAnswers[]): AgreementShare {
  return shareOf(tasks.flatMap((task, t) => pairs(task).map((pair) => ({ ...pair, picture: `${t} ${pair.picture}` }))));
}

function shareOf(both: readonly Pair[]): AgreementShare {
  const unchanged = both.filter(isUnchanged).length;
  const clusters = [...groupBy(both, ({ picture }) => picture).values()].map((own) => ({
    hits: own.filter(isUnchanged).length,
    trials: own.length,
  }));
  return { answered: both.length, unchanged, interval: shareInterval(clusters) };
}

const COMPARED = shape.object({
  records: recordsShape,
  of: shape.object({
    task: shape.text,
    samples: shape.list(shape.object({ docId: shape.count, picture: shape.optional(shape.text) })),
    settings: shape.list(settingShape),
  }),
});

/**
 * Agreement of each setting of a task but the reference, in their order, and the answers that changed.
 *
 * @param of the task's id, its samples, and the settings.
 */
export function agreement(
  records: Records,
  of: {
    readonly task: string;
    readonly samples: readonly { readonly docId: number; readonly picture?: string }[];
    readonly settings: readonly Setting[];
  },
): { readonly settings: readonly SettingAgreement[]; readonly changed: readonly ChangedAnswer[] } {
  shape.shaped({ records, of }, COMPARED, refusalFor("agreement"));
  const { task, samples } = of;
  const recordsOf = (setting: string) => samples.map(({ docId: doc }) => records.get(keyText({ task, doc, setting })));
  const pictures = samples.map(({ picture }) => picture);
  const reference = recordsOf(REFERENCE);
  const all = of.settings
    .filter(({ id }) => id !== REFERENCE)
    .map(({ id }) => ({ setting: id, both: pairs({ reference, settings: [recordsOf(id)], pictures }) }));
  return {
    settings: all.map(({ setting, both }) => ({
      setting,
      ...shareOf(both),
      similarity: both.length === 0 ? 0 : mean(both.map(similarity)),
      kept: both.length === 0 ? 0 : mean(both.map(({ own }) => own.tokens.kept)),
      ...divergenceOf(both),
    })),
    changed: all.flatMap(({ setting, both }) =>
      both
        .filter((pair) => !isUnchanged(pair))
        .map((pair) => ({
          doc: pair.own.doc,
          setting,
          full: pair.full.text,
          answer: pair.own.text,
          similarity: similarity(pair),
        })),
    ),
  };
}

function pairs({ reference, settings, pictures }: ComparedAnswers): Pair[] {
  return settings.flatMap((answers) =>
    reference.flatMap((full, i): Pair[] => {
      const own = answers[i];
      if (full === undefined || own === undefined || !isAnswered(full) || !isAnswered(own)) return [];
      return [{ picture: pictures[i] ?? `sample ${full.doc}`, full, own }];
    }),
  );
}

/** Mean KL of the pairs that have one; the interval by draws of pictures, none of a single one. */
function divergenceOf(both: readonly Pair[]): Pick<SettingAgreement, "kl" | "klInterval"> {
  const known = both.flatMap(({ own: { kl }, picture }) => (kl === undefined ? [] : [{ kl, picture }]));
  if (known.length === 0) return {};
  const clusters = [...groupBy(known, ({ picture }) => picture).values()];
  const sums = Float64Array.from(clusters, (own) => own.reduce((sum, { kl }) => sum + kl, 0));
  const counts = Float64Array.from(clusters, ({ length }) => length);
  const draws = clusters.length < 2 ? [] : drawClusters([clusters.length]);
  const kl = mean(known.map((own) => own.kl));
  const means = Array.from(draws, ([drawn]) => drawnSum(drawn, sums) / drawnSum(drawn, counts));
  return { kl, klInterval: percentileInterval(means, kl) };
}

/** Whether both answers are the same but for case, white space and punctuation at the end. */
export function isUnchanged({ full, own }: Pick<Pair, "full" | "own">): boolean {
  return plainAnswer(full.text) === plainAnswer(own.text);
}

function similarity({ full, own }: Pair): number {
  return wordF1(full.text, own.text);
}

/**
 * F1 of the words of two texts as multisets, as SQuAD has it (Rajpurkar et al., arXiv 1606.05250), but that articles and signs count. Words are
 * what white space parts, each by `plainAnswer`. Two empty texts give 1.
 */
export function wordF1(a: string, b: string): number {
  const words = (text: string) =>
    plainAnswer(text)
      .split(" ")
      .filter((word) => word !== "")
      .map(plainAnswer);
  const [left, right] = [words(a), words(b)];
  if (left.length === 0 || right.length === 0) return left.length === right.length ? 1 : 0;
  const counts = new Map<string, number>();
  for (const word of left) counts.set(word, (counts.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of right) {
    const count = counts.get(word) ?? 0;
    if (count > 0) common++;
    counts.set(word, count - 1);
  }
  return (2 * common) / (left.length + right.length);
}

const CHANGED = shape.object({
  changed: shape.list(shape.object({ doc: shape.count, similarity: shape.number })),
  count: shape.count,
});

/**
 * The worst examples of one method's settings. Samples that most of them answer otherwise come first, and of those the answers that
 * differ most.
 *
 * @returns at most `count`, one per sample, worst first; ties by the sample's place.
 */
export function worstExamples(changed: readonly ChangedAnswer[], count: number): ChangedAnswer[] {
  shape.shaped({ changed, count }, CHANGED, refusalFor("worstExamples"));
  const ranked = Array.from(groupBy(changed, ({ doc }) => doc).values(), (list) => ({
    settings: list.length,
    worst: list.reduce((a, b) => (b.similarity < a.similarity ? b : a)),
  }));
  ranked.sort(
    (a, b) => b.settings - a.settings || a.worst.similarity - b.worst.similarity || a.worst.doc - b.worst.doc,
  );
  return ranked.slice(0, count).map(({ worst }) => worst);
}
