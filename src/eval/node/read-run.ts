/** @file The folder of a run that is over, as data for a report. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FormatError, InvalidInputError } from "../../core/index.js";
import { withFileErrors } from "../../files/index.js";
import {
  type CellData,
  cellFolder,
  type ReportRow,
  RUN_VERSION,
  type RunData,
  type RunMachine,
  type RunState,
  type RunTask,
} from "../index.js";
import { reportRow } from "./report-row.js";

const operation = "report";

/**
 * Reads what `recoup eval` left: `run.json`, `machine.json` where it is, and of each cell its results and samples.
 *
 * @throws InvalidInputError for a folder that is no run, or one that is not over; FormatError naming the file and line that is damaged.
 */
export async function readRun(folder: string): Promise<RunData> {
  const state = await readState(folder);
  const machine = await readJson(join(folder, "machine.json"));
  const cells = new Map<string, CellData>();
  for (const { id } of state.cells) cells.set(id, await readCell(join(folder, "cells", cellFolder(id)), id, state));
  return { state, ...(machine !== undefined && { machine: machine as RunMachine }), cells };
}

async function readState(folder: string): Promise<RunState> {
  const path = join(folder, "run.json");
  const state = (await readJson(path)) as Partial<RunState> | undefined;
  const isRun = state !== undefined && state.format === "recoup-eval";
  if (!isRun) {
    const got = state === undefined ? "no run.json in it" : `format ${JSON.stringify(state.format)} in its run.json`;
    throw new InvalidInputError({ operation, expected: `a folder of recoup eval at ${folder}`, got });
  }
  if (state.version !== RUN_VERSION) {
    throw new InvalidInputError({
      operation,
      expected: `a run of layout ${RUN_VERSION} at ${folder}`,
      got: `layout ${JSON.stringify(state.version)}`,
    });
  }
  for (const key of ["tasks", "cells", "leftOut", "notes"] as const) {
    if (!Array.isArray(state[key])) damaged(`a list "${key}" in ${path}`, JSON.stringify(state[key]));
  }
  return state as RunState;
}

async function readCell(folder: string, id: string, { tasks }: RunState): Promise<CellData> {
  const path = join(folder, "results.json");
  const file = (await readJson(path)) as { readonly results?: CellData["results"] } | undefined;
  if (file === undefined) notOver(`results of ${id}`, `no ${path}`);
  const { results } = file;
  if (typeof results !== "object" || results === null) damaged(`"results" in ${path}`, JSON.stringify(results));
  const rows: Record<string, readonly ReportRow[]> = {};
  for (const task of tasks) {
    if (typeof results[task.id] !== "object") damaged(`results of ${task.id} in ${path}`, "none");
    rows[task.id] = await readRows(join(folder, `samples_${task.id}.jsonl`), task);
  }
  return { results, rows };
}

async function readRows(path: string, { id, samples }: RunTask): Promise<ReportRow[]> {
  const text = await readText(path);
  if (text === undefined) notOver(`samples of ${id}`, `no ${path}`);
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const rows = lines.map((line, i) => reportRow(line, `line ${i + 1} of ${path}`));
  if (rows.length !== samples) damaged(`${samples} samples in ${path}`, `${rows.length}`);
  return rows;
}

/** Undefined for a file that is not there. */
async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FormatError({ operation, expected: `JSON in ${path}`, got: (cause as Error).message, cause });
  }
  if (typeof value !== "object" || value === null) damaged(`an object in ${path}`, text.slice(0, 40));
  return value;
}

async function readText(path: string): Promise<string | undefined> {
  return withFileErrors(operation, `a readable file ${path}`, () =>
    readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
      throw error;
    }),
  );
}

function notOver(expected: string, got: string): never {
  const hint = "the run is not over, and the same recoup eval goes on with it";
  throw new InvalidInputError({ operation, expected, got: `${got}: ${hint}` });
}

function damaged(expected: string, got: string): never {
  throw new FormatError({ operation, expected, got });
}
