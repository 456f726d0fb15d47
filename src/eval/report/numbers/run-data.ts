/** @file What a report is made of: a run's state, its machine, and each cell's scores and rows. */
import type { CellResults, RunMachine, RunState, SampleRow } from "../../run/run-folder.js";

/** A row of `samples_TASK.jsonl`, without the texts that a report does not read. */
export type ReportRow = Pick<
  SampleRow,
  | "doc_id"
  | "question_id"
  | "image"
  | "filtered_resps"
  | "score"
  | "failed"
  | "slice"
  | "type"
  | "half"
  | "compression"
  | "kv_bytes"
  | "timing_ms"
>;

/** One cell of a run that is over. */
export interface CellData {
  readonly results: CellResults["results"];
  /** Rows by task, in the same order in every cell. */
  readonly rows: Readonly<Record<string, readonly ReportRow[]>>;
}

/** A run that is over. */
export interface RunData {
  readonly state: RunState;
  /** Undefined where the run wrote none. */
  readonly machine?: RunMachine;
  /** By the cell's id. */
  readonly cells: ReadonlyMap<string, CellData>;
}
