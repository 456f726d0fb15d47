/** @file The files of a run that is over: one folder per cell. */

import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type OutputFile, thisMachine, withFileErrors, writeFileAtomic, writeFilesAtomic } from "../../files/index.js";
import {
  type CellResults,
  cellFolder,
  cellResults,
  type Records,
  type RunMachine,
  type RunState,
  recordsOf,
  sampleRows,
  type Task,
} from "../index.js";
import type { RunTiming } from "./answer-run.js";

interface Answered {
  readonly tasks: readonly Task[];
  readonly state: RunState;
  readonly records: Records;
}

/**
 * Writes `cells/CELL/`: `results.json` and `samples_TASK.jsonl` as lmms-eval has them, and the answers in the formats of the official
 * scripts and servers. A cell's files appear together.
 */
export async function writeResults(out: string, { tasks, state, records }: Answered): Promise<void> {
  for (const cell of state.cells) {
    const folder = join(out, "cells", cellFolder(cell.id));
    const files: OutputFile[] = [];
    for (const task of tasks) {
      const answers = recordsOf(records, task, cell);
      files.push({
        path: join(folder, `samples_${task.id}.jsonl`),
        data: jsonLines(sampleRows(task, cell, answers)),
      });
      const texts = answers.map(({ text }) => text);
      for (const { name, data } of task.files(texts, `${state.model.name}/${cell.id}`)) {
        files.push({ path: join(folder, name), data });
      }
    }
    const results = cellResults(state, tasks, cell, records);
    files.push({ path: join(folder, "results.json"), data: `${JSON.stringify(results, undefined, 2)}\n` });
    for (const place of new Set(files.map(({ path }) => dirname(path)))) {
      await withFileErrors("eval", `a folder ${place} that can be made`, () => mkdir(place, { recursive: true }));
    }
    await writeFilesAtomic(files);
  }
}

function jsonLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/** Writes `machine.json`: where and how fast. */
export async function writeMachine(out: string, command: string, timing: RunTiming): Promise<void> {
  const machine: RunMachine = { ...thisMachine(), command, ...timing };
  await writeFileAtomic(join(out, "machine.json"), `${JSON.stringify(machine, undefined, 2)}\n`);
}

/** The scores of a run that is over, by cell. */
export async function readScores(out: string, { cells }: RunState): Promise<Record<string, CellResults>> {
  const scores: Record<string, CellResults> = {};
  for (const { id } of cells) {
    const path = join(out, "cells", cellFolder(id), "results.json");
    scores[id] = await withFileErrors("eval", `results in ${path}`, async () =>
      JSON.parse(await readFile(path, "utf8")),
    );
  }
  return scores;
}
