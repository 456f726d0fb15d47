/** @file One answer: the plain data of an ask, as a run writes it down and a report reads it. */
import { ROLES, shape } from "../../core/index.js";
import { STAGES } from "../../vlm/index.js";
import { ownCellsShape } from "./own-cells.js";
import { toldShape } from "./told.js";

const amount = shape.value<number>("a number from 0", (value) => Number.isFinite(value) && (value as number) >= 0);
const amounts = <const N extends string>(...names: readonly N[]) =>
  shape.object(Object.fromEntries(names.map((name) => [name, amount])) as Record<N, typeof amount>);

const keyShape = {
  task: shape.text,
  /** The sample's `docId`. */
  doc: shape.count,
  /** The setting's id. */
  setting: shape.text,
};
const failedShape = shape.object({ ...keyShape, error: shape.text });
const answeredShape = shape.object({
  ...keyShape,
  text: shape.text,
  /** Visual tokens before and after, and the whole prompt after. */
  tokens: amounts("source", "kept", "prompt"),
  /** Rows by role. */
  roles: amounts(...ROLES),
  /** Of a synthetic sample: patches of what is asked about, and how many of them stand in rows of their own. */
  region: shape.optional(amounts("patches", "kept")),
  /** Of a picture in one grid that lost tokens: which of them have rows of their own. */
  cells: shape.optional(ownCellsShape),
  /** With `--logits`: KL of the first token, nats, from all tokens to these; undefined where all tokens have no answer. */
  kl: shape.optional(amount),
  /** What the decoder was told about the rows; undefined in runs that did not say. */
  told: shape.optional(toldShape),
  /** How clearly the question points at something in its first picture; undefined where no text was held against its tokens. */
  evidence: shape.optional(amounts("peak", "confidence")),
  kvBytes: amounts("full", "kept"),
  /** Milliseconds, as if it had been asked alone: work shared by all settings counts in each that uses it. */
  timings: amounts(...STAGES, "firstToken", "decodePerToken", "total"),
});

/** A record with an answer: the plain data of an ask, and its key. */
export type AnsweredRecord = shape.TypeOf<typeof answeredShape> & { readonly error?: undefined };
/** The reason why there is no answer. */
export type FailedRecord = shape.TypeOf<typeof failedShape> & { readonly [K in keyof Answer]?: undefined };
/** One line of `answers.jsonl`. */
export type AnswerRecord = AnsweredRecord | FailedRecord;
/** Identifies an answer within a run. */
export type AnswerKey = Pick<AnsweredRecord, "task" | "doc" | "setting">;
/** An answer without its key. */
export type Answer = Omit<AnsweredRecord, keyof AnswerKey | "error">;

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

/** Shape of a line of `answers.jsonl`. */
export const answerRecordShape: shape.Shape<AnswerRecord> = {
  mismatch: (value) => (shape.isRecord(value) && "error" in value ? failedShape : answeredShape).mismatch(value),
};

/** Shape of `Records`. */
export const recordsShape = shape.value<Records>("answers by their keys in a Map", (given) => {
  if (!(given instanceof Map)) return false;
  return Array.from(given.values()).every((record) => shape.fits(record, answerRecordShape));
});
