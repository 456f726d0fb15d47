/** @file One answer: the plain data of an ask, as a run writes it down and a report reads it. */
import { ROLES, shape } from "../../core/index.js";
import { type AskResult, STAGES } from "../../vlm/index.js";

/** What identifies an answer within a run. */
export interface AnswerKey {
  readonly task: string;
  /** The sample's `docId`. */
  readonly doc: number;
  /** The setting's id. */
  readonly setting: string;
}

/** Plain data of an answer, times as if it had been asked alone: work shared by all settings counts in each that uses it. */
export interface Answer extends Pick<AskResult, "tokens" | "roles" | "kvBytes" | "timings"> {
  readonly text: string;
  /** Of a synthetic sample: patches of what is asked about, and how many of them stand in rows of their own. */
  readonly region?: { readonly patches: number; readonly kept: number };
  readonly error?: undefined;
}

/** Why there is no answer. */
export type FailedAnswer = { readonly error: string } & {
  readonly [Key in Exclude<keyof Answer, "error">]?: undefined;
};

/** One line of `answers.jsonl`. */
export type AnswerRecord = AnswerKey & (Answer | FailedAnswer);

/** A record with an answer. */
export type AnsweredRecord = AnswerKey & Answer;

/** All answers of a run, by `keyText`. */
export type Records = ReadonlyMap<string, AnswerRecord>;

/** One text per key. */
export function keyText({ task, doc, setting }: AnswerKey): string {
  return `${task} ${doc} ${setting}`;
}

/** True for a record with an answer. */
export function isAnswered(record: AnswerRecord): record is AnsweredRecord {
  return record.error === undefined;
}

const amount = shape.value<number>("a number from 0", (value) => Number.isFinite(value) && (value as number) >= 0);
const amounts = <const N extends string>(...names: readonly N[]) =>
  shape.object(Object.fromEntries(names.map((name) => [name, amount])) as Record<N, typeof amount>);
const key = { task: shape.text, doc: shape.count, setting: shape.text };
const failed = shape.object({ ...key, error: shape.text });
const answered = shape.object({
  ...key,
  text: shape.text,
  tokens: amounts("source", "kept", "prompt"),
  roles: amounts(...ROLES),
  region: shape.optional(amounts("patches", "kept")),
  kvBytes: amounts("full", "kept"),
  timings: amounts(...STAGES, "firstToken", "decodePerToken", "total"),
});

/** Shape of a line of `answers.jsonl`. */
export const answerRecordShape: shape.Shape<AnswerRecord> = {
  mismatch: (value) => (shape.isRecord(value) && "error" in value ? failed : answered).mismatch(value),
};
