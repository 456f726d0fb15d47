/** @file One answer, as a run writes it down. */
import type { Role } from "../../core/index.js";
import type { StageTimes } from "../../vlm/index.js";

/** What identifies an answer within a run. */
export interface AnswerKey {
  readonly task: string;
  /** The sample's `docId`. */
  readonly doc: number;
  readonly cell: string;
}

/** One answer, or why there is none. */
export interface AnswerRecord extends AnswerKey {
  /** Undefined where the sample failed. */
  readonly text?: string;
  /** Why it failed. */
  readonly error?: string;
  /** Visual tokens before and after, and the whole prompt after. */
  readonly tokens: { readonly source: number; readonly kept: number; readonly prompt: number };
  readonly roles: Readonly<Record<Role, number>>;
  /** Of a synthetic sample: patches of what is asked about, and how many of them stand in rows of their own. */
  readonly region?: { readonly patches: number; readonly kept: number };
  readonly kvBytes: { readonly full: number; readonly kept: number };
  /**
   * As if it had been asked alone: the picture's pass and the question's CLIP vector are made once for all cells, and their times are
   * in each answer that reads them.
   */
  readonly timings: StageTimes & { readonly firstToken: number; readonly total: number };
}

/** One text per key. */
export function keyText({ task, doc, cell }: AnswerKey): string {
  return `${task} ${doc} ${cell}`;
}
