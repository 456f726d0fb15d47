/** @file What a report has a line for: a cell, or cells that differ in their seed only. */
import { groupBy } from "../../../core/index.js";
import type { Cell } from "../../run/cells.js";

/** A line of the report's tables. */
export interface Entry extends Pick<Cell, "method" | "budget" | "role"> {
  /** The cell's id; of several seeds, without the seed: `random@58`. */
  readonly id: string;
  /** What it is called at any budget: `random`, `recoverable:merge=mean`. */
  readonly series: string;
  /** Ids of its cells: one, or one per seed. */
  readonly cells: readonly string[];
}

/** The cell that the others are measured against. */
export const REFERENCE = "none";

/** Seed among a cell's options, as its id spells it. */
const SEED = /:seed=[^:@]*/;

/** One entry per cell, in their order; cells that differ in their seed only are one, if there are at least two. */
export function reportEntries(cells: readonly Cell[]): Entry[] {
  const groups = groupBy(cells, ({ id }) => id.replace(SEED, ""));
  return [...groups].map(([seedless, members]) => {
    const [{ id: first, method, budget, role }] = members;
    const id = members.length > 1 ? seedless : first;
    return { id, series: id.replace(/@[^@]*$/, ""), cells: members.map((cell) => cell.id), method, budget, role };
  });
}
