/** @file Samples that failed: how many, and why. */
import type { Cell } from "../../run/cells.js";
import type { RunData } from "./run-data.js";

/** Failed samples of one cell on one task. */
export interface Failures {
  readonly task: string;
  readonly cell: string;
  readonly count: number;
  /** The first distinct reasons, each with the first sample that has it. */
  readonly reasons: readonly { readonly doc: number; readonly reason: string }[];
}

/** Reasons shown per cell and task: more of them rarely say more. */
const REASONS = 3;

/** Cells and tasks with failures, in the run's order. */
export function failures({ state, cells }: RunData): Failures[] {
  return state.tasks.flatMap(({ id: task }) =>
    state.cells.flatMap(({ id: cell }: Cell) => {
      const failed = (cells.get(cell)?.rows[task] ?? []).filter((row) => row.failed !== undefined);
      if (failed.length === 0) return [];
      const reasons = new Map<string, number>();
      for (const { failed: reason = "", doc_id } of failed) if (!reasons.has(reason)) reasons.set(reason, doc_id);
      const first = [...reasons].slice(0, REASONS).map(([reason, doc]) => ({ doc, reason }));
      return [{ task, cell, count: failed.length, reasons: first }];
    }),
  );
}
