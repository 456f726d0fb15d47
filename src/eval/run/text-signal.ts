/** @file Whether the text similarity of a run's model says anything. */
import { type TextSignal, textSignal } from "../../methods/index.js";
import { type AnswerRecord, isAnswered } from "./answer-record.js";

/**
 * The text signal of a run: each question once, whatever settings asked it.
 *
 * @returns undefined where no method read a text, or fewer than ten questions were asked with one.
 */
export function textSignalOf(records: Iterable<AnswerRecord>): TextSignal | undefined {
  const questions = new Map<string, NonNullable<ReturnType<typeof evidenceOf>>>();
  for (const record of records) {
    const evidence = evidenceOf(record);
    if (evidence !== undefined) questions.set(`${record.task} ${record.doc}`, evidence);
  }
  return textSignal([...questions.values()]);
}

function evidenceOf(record: AnswerRecord) {
  return isAnswered(record) ? record.evidence : undefined;
}

/** The warning; undefined for a signal that is not weak. */
export function weakTextSentence(signal: TextSignal | undefined): string | undefined {
  if (!signal?.isWeak) return undefined;
  const { count, peak } = signal;
  return `The model's text signal is weak: ${count} questions peak at ${peak.toFixed(1)} robust z in the median, white noise at 2.5. Methods that read it choose nearly as without a question; is the sign of the similarity (--polarity) right?`;
}
