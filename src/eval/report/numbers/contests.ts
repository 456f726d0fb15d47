/** @file At each budget: the best method, how far it leads, and whether it beats what needs no method at all. */
import type { CellBudget } from "../../run/cells.js";
import type { Interval } from "../../stats/bootstrap.js";
import type { EntryNumbers } from "./entry-numbers.js";
import { type EntryIntervals, leadInterval } from "./intervals.js";

/** How far one entry is ahead of another. */
export interface Lead {
  readonly entry: string;
  readonly relative: number;
  /** Relative score of the best less this one's, points. */
  readonly by: number;
  /** 95 % interval of the same difference in the questions' scores, paired by picture. */
  readonly interval?: Interval;
}

/** The outcome at one budget. */
export interface Contest {
  readonly budget: CellBudget;
  readonly best: string;
  readonly relative: number;
  /** The next best method; undefined for a method alone. */
  readonly next?: Lead;
  /** The best control of that many tokens; undefined where there is none. */
  readonly control?: Lead;
}

/** One per budget that methods were asked at, in their order; a budget where no method has a relative score is left out. */
export function contests(entries: readonly EntryNumbers[], intervals: readonly EntryIntervals[]): Contest[] {
  const methods = ranked(entries.filter(({ role }) => role === "method"));
  const budgets = [...new Set(entries.filter(({ role }) => role === "method").map(({ budget }) => budget))];
  return budgets.flatMap((budget): Contest[] => {
    const [best, next] = methods.filter((entry) => entry.budget === budget);
    if (best === undefined) return [];
    const controls = entries.filter((entry) => entry.role === "control" && isAtBudget(entry, budget));
    const [control] = ranked(controls);
    const lead = (other: Ranked): Lead => {
      const of = (id: string) => intervals[entries.findIndex((entry) => entry.id === id)];
      const interval = leadInterval(of(best.id), of(other.id));
      return {
        entry: other.id,
        relative: other.relative,
        by: best.relative - other.relative,
        ...(interval !== undefined && { interval }),
      };
    };
    return [
      {
        budget,
        best: best.id,
        relative: best.relative,
        ...(next !== undefined && { next: lead(next) }),
        ...(control !== undefined && { control: lead(control) }),
      },
    ];
  });
}

type Ranked = EntryNumbers & { readonly relative: number };

/** Entries with a relative score, best first; equal ones in their order. */
function ranked(entries: readonly EntryNumbers[]): Ranked[] {
  return entries
    .filter((entry): entry is Ranked => entry.relative !== undefined)
    .sort((a, b) => b.relative - a.relative);
}

/** A smaller picture has the greatest square number of tokens that the budget allows. */
function isAtBudget({ method, budget }: EntryNumbers, wanted: CellBudget): boolean {
  if (method !== "downsample") return budget === wanted;
  return typeof wanted === "number" && budget === Math.floor(Math.sqrt(wanted)) ** 2;
}
