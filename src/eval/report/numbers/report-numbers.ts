/** @file All numbers that a report shows, from a run's rows. */

import { mean, spread } from "../../../math/index.js";
import type { RunMachine, RunState, RunTask } from "../../run/run-folder.js";
import type { BootstrapOptions, Interval } from "../../stats/bootstrap.js";
import { type Breakdown, breakdowns } from "./breakdown.js";
import { type Contest, contests } from "./contests.js";
import { type CurveArea, curveAreas, frontOf } from "./curves.js";
import { type Entry, REFERENCE, reportEntries } from "./entries.js";
import { entryCosts } from "./entry-costs.js";
import type { EntryNumbers } from "./entry-numbers.js";
import { type EntryTask, entryTask, headline } from "./entry-tasks.js";
import { type EqualTokens, equalTokens } from "./equal-tokens.js";
import { type Failures, failures } from "./failures.js";
import { type TaskFrame, taskFrames } from "./frames.js";
import { entryIntervals } from "./intervals.js";
import { type PaperCost, paperCosts, type RooflineRow, rooflineRow } from "./published.js";
import type { RunData } from "./run-data.js";

/** A task of the run. */
export interface ReportTask extends Omit<RunTask, "hash"> {
  /** Distinct pictures, of all samples. */
  readonly pictures: number;
  /** The headline metric with all tokens. */
  readonly full?: number;
}

/** Everything that a report shows, as data. */
export interface ReportNumbers {
  readonly format: "recoup-report";
  readonly version: 1;
  readonly run: Pick<RunState, "model" | "language" | "seed" | "limit" | "notes" | "leftOut"> & {
    readonly machine?: RunMachine;
  };
  /** How intervals were made. */
  readonly bootstrap: Required<BootstrapOptions>;
  readonly tasks: readonly ReportTask[];
  readonly entries: readonly EntryNumbers[];
  readonly contests: readonly Contest[];
  readonly areas: readonly CurveArea[];
  /** Entries that no other beats: in score and tokens, in score and time to the first token. */
  readonly fronts: { readonly tokens: readonly string[]; readonly firstToken: readonly string[] };
  readonly equalTokens: readonly EqualTokens[];
  readonly breakdowns: readonly Breakdown[];
  readonly roofline: readonly RooflineRow[];
  readonly paperCosts: readonly PaperCost[];
  readonly failures: readonly Failures[];
}

/** Resamples for an interval, and where they start: the same run gives the same report. */
const BOOTSTRAP: Required<BootstrapOptions> = { resamples: 1000, seed: 0 };

/**
 * The numbers of a run.
 *
 * @throws InvalidInputError for a run without the cell `none`, without samples, or whose cells did not answer the same samples.
 */
export function reportNumbers(run: RunData, options: BootstrapOptions = {}): ReportNumbers {
  const bootstrap = { ...BOOTSTRAP, ...options };
  const { state, machine } = run;
  const frames = taskFrames(run);
  const rows = reportEntries(state.cells);
  const reference = rows.find(({ id }) => id === REFERENCE) as Entry;
  const intervals = entryIntervals(frames, { entries: rows, reference }, bootstrap);
  const entries = rows.map((entry, e): EntryNumbers => {
    const tasks = frames.map((frame, place) =>
      entryTask(frame, entry, { reference, cells: run.cells, intervals: intervals[e], place }),
    );
    const costs = entryCosts(frames, entry, state.language);
    return {
      ...entry,
      ...tokenNumbers(frames, entry),
      ...relativeNumbers(tasks, intervals[e].mean),
      ...seedRange(run, entry, reference),
      tasks,
      ...(costs !== undefined && { costs }),
    };
  });
  const { model, language, seed, limit, notes, leftOut } = state;
  return {
    format: "recoup-report",
    version: 1,
    run: { model, language, seed, limit, notes, leftOut, machine },
    bootstrap,
    tasks: frames.map(({ task: { hash, ...task }, pictures }) => ({
      ...task,
      pictures,
      full: headline(reference, task, run.cells),
    })),
    entries,
    contests: contests(entries, intervals),
    areas: curveAreas(entries),
    fronts: {
      tokens: frontOf(entries, ({ tokens }) => tokens?.mean),
      firstToken: frontOf(entries, ({ costs }) => costs?.firstToken),
    },
    equalTokens: equalTokens(entries),
    breakdowns: breakdowns(frames, { entries: rows, reference }, bootstrap),
    roofline: entries.flatMap(({ id, costs }) =>
      costs === undefined ? [] : [rooflineRow(id, Math.round(costs.promptTokens))],
    ),
    paperCosts: paperCosts(),
    failures: failures(run),
  };
}

function relativeNumbers(
  tasks: readonly EntryTask[],
  interval: Interval | undefined,
): Pick<EntryNumbers, "relative" | "interval"> {
  const relative = tasks.map((task) => task.relative).filter((value) => value !== undefined);
  return {
    ...(relative.length === tasks.length && { relative: mean(relative) }),
    ...(interval !== undefined && { interval }),
  };
}

function tokenNumbers(frames: readonly TaskFrame[], entry: Entry) {
  const compressed = frames.flatMap((frame) =>
    frame
      .rowsOf(entry)
      .flatMap((list) => list.filter(({ failed }, i) => frame.pictured[i] && failed === undefined))
      .map(({ compression }) => compression),
  );
  const kept = compressed.map(({ n_kept }) => n_kept);
  const shares = compressed.filter(({ n_full }) => n_full > 0).map(({ n_kept, n_full }) => n_kept / n_full);
  return {
    tokens: spread(kept),
    ...(entry.budget === "dynamic" && { counts: kept.sort((a, b) => a - b) }),
    ...(shares.length > 0 && { retention: mean(shares) }),
  };
}

function seedRange(run: RunData, { cells }: Entry, reference: Entry): Pick<EntryNumbers, "seeds"> {
  if (cells.length < 2) return {};
  const values = cells.map((cell) => {
    const ratios = run.state.tasks.map((task) => {
      const [own, full] = [headline({ cells: [cell] }, task, run.cells), headline(reference, task, run.cells)];
      return own === undefined || full === undefined || full === 0 ? Number.NaN : (100 * own) / full;
    });
    return mean(ratios);
  });
  if (values.some(Number.isNaN)) return {};
  return { seeds: { low: Math.min(...values), high: Math.max(...values) } };
}
