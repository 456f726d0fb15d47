/** @file Whether compression pays on this machine with this model: from measured times of stages, nothing else. */
import { median } from "../../math/index.js";
import type { Cell } from "../run/cells.js";
import type { AnswerRecord } from "../run/record.js";

/** What a cell costs and saves per question, medians in milliseconds. */
export interface BreakEven {
  readonly cell: string;
  /** Time to the first token, and with all tokens. */
  readonly firstToken: number;
  readonly fullFirstToken: number;
  /** What it adds: the text, the signals, the choice, and of the tower what a method without signals does not run. */
  readonly cost: number;
  /** What it saves before the first token: prefill, projector, splice. */
  readonly saving: number;
  /** Milliseconds that one visual token takes before the first token, from the difference between the two. */
  readonly perToken: number;
  /** Tokens that must go before it pays; undefined where a token costs nothing measurable. */
  readonly tokensToPay?: number;
}

/** Stages that compression adds to, and those that it takes from. */
const ADDED = ["text", "signals", "select"] as const;
const SAVED = ["project", "splice", "prefill"] as const;

/** One row per cell but the reference. @param records of all cells; failed ones and those without a picture are passed over. */
export function breakEven(records: Iterable<AnswerRecord>, cells: readonly Cell[]): BreakEven[] {
  const byCell = new Map<string, AnswerRecord[]>(cells.map(({ id }) => [id, []]));
  for (const record of records) {
    if (record.error === undefined && record.tokens.source > 0) byCell.get(record.cell)?.push(record);
  }
  const full = byCell.get("none") ?? [];
  if (full.length === 0) return [];
  const sum = (stages: readonly (keyof AnswerRecord["timings"])[]) => (record: AnswerRecord) =>
    stages.reduce((total, stage) => total + record.timings[stage], 0);
  const medianOf = (list: readonly AnswerRecord[], value: (record: AnswerRecord) => number) => median(list.map(value));
  const fullFirstToken = medianOf(full, ({ timings }) => timings.firstToken);
  return cells.flatMap(({ id }): BreakEven[] => {
    const own = byCell.get(id) ?? [];
    if (id === "none" || own.length === 0) return [];
    const cost = medianOf(own, sum(ADDED)) - medianOf(full, sum(ADDED));
    const saving = medianOf(full, sum(SAVED)) - medianOf(own, sum(SAVED));
    const dropped = medianOf(own, ({ tokens }) => tokens.source - tokens.kept);
    const perToken = dropped > 0 ? saving / dropped : 0;
    return [
      {
        cell: id,
        firstToken: medianOf(own, ({ timings }) => timings.firstToken),
        fullFirstToken,
        cost,
        saving,
        perToken,
        ...(perToken > 0 && { tokensToPay: Math.max(0, Math.ceil(cost / perToken)) }),
      },
    ];
  });
}
