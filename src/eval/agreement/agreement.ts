/** @file Agreement: how often a compressed model says the same as with all tokens. No truth is needed. */
import { groupBy } from "../../core/index.js";
import { mean } from "../../math/index.js";
import { normalizeM4c } from "../metrics/normalize-answer.js";
import { type AnsweredRecord, type AnswerRecord, isAnswered, keyText, type Records } from "../run/answer-record.js";
import { REFERENCE, type Setting } from "../run/settings.js";

/** Answers beside those with all tokens. */
export interface AgreementCounts {
  /** Samples that both answered. */
  readonly answered: number;
  /** Equal after VQA's normalization (case, articles, punctuation). */
  readonly unchanged: number;
}

/** One setting beside all tokens. */
export interface SettingAgreement extends AgreementCounts {
  /** Id of the setting. */
  readonly setting: string;
  /** Mean F1 over the words of both answers, 0 to 1: long answers are rarely equal. */
  readonly similarity: number;
  /** Mean number of visual tokens. */
  readonly kept: number;
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

/** Both answers to one sample. */
interface Pair {
  readonly full: AnsweredRecord;
  readonly own: AnsweredRecord;
}

/** Counts over samples in the same order; several settings add up. */
export function agreementCounts(
  reference: readonly AnswerRecord[],
  settings: readonly (readonly AnswerRecord[])[],
): AgreementCounts {
  return countsOf(settings.flatMap((own) => pairs(reference, own)));
}

function countsOf(both: readonly Pair[]): AgreementCounts {
  return { answered: both.length, unchanged: both.filter(isUnchanged).length };
}

/**
 * Agreement of each setting of a task but the reference, in their order, and the answers that changed.
 *
 * @param of the task's id, the `docId` of each of its samples, and the settings.
 */
export function agreement(
  records: Records,
  of: { readonly task: string; readonly docs: readonly number[]; readonly settings: readonly Setting[] },
): { readonly settings: readonly SettingAgreement[]; readonly changed: readonly ChangedAnswer[] } {
  const { task } = of;
  const recordsOf = (setting: string) => of.docs.map((doc) => records.get(keyText({ task, doc, setting })));
  const reference = recordsOf(REFERENCE);
  const all = of.settings
    .filter(({ id }) => id !== REFERENCE)
    .map(({ id }) => ({ setting: id, both: pairs(reference, recordsOf(id)) }));
  return {
    settings: all.map(({ setting, both }) => ({
      setting,
      ...countsOf(both),
      similarity: both.length === 0 ? 0 : mean(both.map(similarity)),
      kept: both.length === 0 ? 0 : mean(both.map(({ own }) => own.tokens.kept)),
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

function pairs(
  reference: readonly (AnswerRecord | undefined)[],
  settings: readonly (AnswerRecord | undefined)[],
): Pair[] {
  return reference.flatMap((full, i): Pair[] => {
    const own = settings[i];
    return full !== undefined && own !== undefined && isAnswered(full) && isAnswered(own) ? [{ full, own }] : [];
  });
}

function isUnchanged({ full, own }: Pair): boolean {
  return normalizeM4c(full.text) === normalizeM4c(own.text);
}

function similarity({ full, own }: Pair): number {
  return wordF1(full.text, own.text);
}

/** F1 of the words of two texts as multisets, as SQuAD has it (Rajpurkar et al., arXiv 1606.05250). Two empty texts give 1. */
export function wordF1(a: string, b: string): number {
  const words = (text: string) =>
    normalizeM4c(text)
      .split(" ")
      .filter((word) => word !== "");
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

/**
 * The worst examples of one method's settings. Samples that most of them answer otherwise come first, and of those the answers that
 * differ most.
 *
 * @returns at most `count`, one per sample, worst first; ties by the sample's place.
 */
export function worstExamples(changed: readonly ChangedAnswer[], count: number): ChangedAnswer[] {
  const ranked = Array.from(groupBy(changed, ({ doc }) => doc).values(), (list) => ({
    settings: list.length,
    worst: list.reduce((a, b) => (b.similarity < a.similarity ? b : a)),
  }));
  ranked.sort(
    (a, b) => b.settings - a.settings || a.worst.similarity - b.worst.similarity || a.worst.doc - b.worst.doc,
  );
  return ranked.slice(0, count).map(({ worst }) => worst);
}
