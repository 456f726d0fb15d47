/** @file Loyalty: how often a compressed model says what it says with all tokens. No truth is needed. */
import { groupBy } from "../../core/index.js";
import { normalizeM4c } from "../metrics/normalize-answer.js";
import type { Cell } from "../run/cells.js";
import { type AnswerRecord, keyText } from "../run/record.js";

/** One cell beside all tokens. */
export interface CellLoyalty {
  readonly cell: string;
  /** Samples that both answered. */
  readonly answers: number;
  /** Answers that are equal to the full one after normalization (VQA's: case, articles, punctuation). */
  readonly unchanged: number;
  /** Mean F1 over the words of both answers, 0 to 1: long answers are rarely equal. */
  readonly similarity: number;
  /** Mean number of visual tokens. */
  readonly kept: number;
}

/** A sample whose answer changed. */
export interface ChangedAnswer {
  readonly doc: number;
  readonly cell: string;
  readonly full: string;
  readonly answer: string;
  readonly similarity: number;
}

/** The name of the cell with all tokens. */
const FULL = "none";

/** Loyalty of each cell but the reference, in their order. @param records by `keyText`. */
export function loyalty(
  records: ReadonlyMap<string, AnswerRecord>,
  { task, docs, cells }: LoyaltyOf,
): { readonly cells: readonly CellLoyalty[]; readonly changed: readonly ChangedAnswer[] } {
  const changed: ChangedAnswer[] = [];
  const out = cells
    .filter(({ id }) => id !== FULL)
    .map(({ id }): CellLoyalty => {
      let [answers, unchanged, similarity, kept] = [0, 0, 0, 0];
      for (const doc of docs) {
        const full = records.get(keyText({ task, doc, cell: FULL }));
        const record = records.get(keyText({ task, doc, cell: id }));
        if (full?.text === undefined || record?.text === undefined) continue;
        answers++;
        kept += record.tokens.kept;
        const same = wordF1(full.text, record.text);
        similarity += same;
        if (normalizeM4c(full.text) === normalizeM4c(record.text)) unchanged++;
        else changed.push({ doc, cell: id, full: full.text, answer: record.text, similarity: same });
      }
      const mean = (sum: number) => (answers === 0 ? 0 : sum / answers);
      return { cell: id, answers, unchanged, similarity: mean(similarity), kept: mean(kept) };
    });
  return { cells: out, changed };
}

export interface LoyaltyOf {
  readonly task: string;
  readonly docs: readonly number[];
  readonly cells: readonly Cell[];
}

/** F1 of the words of two texts as multisets, as SQuAD has it (Rajpurkar et al., arXiv 1606.05250); 1 for two empty texts. */
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
 * The worst examples of one method's cells: samples that most of them answer otherwise, and of those the answers that differ most.
 *
 * @returns at most `count`, one per sample, worst first; ties by the sample's place.
 */
export function worstExamples(changed: readonly ChangedAnswer[], count: number): ChangedAnswer[] {
  const ranked = Array.from(groupBy(changed, ({ doc }) => doc).values(), (list) => ({
    cells: list.length,
    worst: list.reduce((a, b) => (b.similarity < a.similarity ? b : a)),
  }));
  ranked.sort((a, b) => b.cells - a.cells || a.worst.similarity - b.worst.similarity || a.worst.doc - b.worst.doc);
  return ranked.slice(0, count).map(({ worst }) => worst);
}
