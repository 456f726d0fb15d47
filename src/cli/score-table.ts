/** @file The scores of a run as tables for the terminal. */

import type { CellResults, RunState } from "../eval/index.js";
import { mean } from "../math/index.js";
import { type Column, textTable } from "./text-table.js";

type Scores = Readonly<Record<string, CellResults>>;
type RunTask = RunState["tasks"][number];

/**
 * A row per cell: tokens, time to the first token, the headline metric of each task, and the mean relative to all tokens; in as many
 * tables one below the other as the terminal's width asks for.
 */
export function scoreTable(scores: Scores, { cells, tasks }: RunState, width: number): string {
  const names: Named = { column: { title: "method@budget" }, values: cells.map(({ id }) => id) };
  const columns: Named[] = [
    numeric("tokens", cells, ({ id }) => scores[id].efficiency.kept_tokens.toFixed(1)),
    numeric("first token", cells, ({ id }) => `${scores[id].efficiency.first_token_ms.toFixed(0)} ms`),
    numeric("relative", cells, ({ id }) => relative(scores, id, tasks)),
    ...tasks.map((task) =>
      numeric(task.best === 1 ? task.id : `${task.id} (of ${task.best})`, cells, ({ id }) => {
        const value = headline(scores, id, task);
        return value === undefined ? "-" : value.toFixed(task.best === 1 ? 3 : 1);
      }),
    ),
  ];
  return sets(columns, width - widthOf(names))
    .map((set) => tableOf([names, ...set]))
    .join("\n\n");
}

interface Named {
  readonly column: Column;
  readonly values: readonly string[];
}

function numeric(title: string, cells: RunState["cells"], value: (cell: RunState["cells"][number]) => string): Named {
  return { column: { title, numeric: true }, values: cells.map(value) };
}

/** With the two blanks before it. */
function widthOf({ column, values }: Named): number {
  return 2 + Math.max(column.title.length, ...values.map((value) => value.length));
}

/** Columns in sets that fit the room, at least one each. */
function sets(columns: readonly Named[], room: number): Named[][] {
  const out: Named[][] = [[]];
  let left = room;
  for (const column of columns) {
    const last = out[out.length - 1];
    if (last.length > 0 && widthOf(column) > left) {
      out.push([column]);
      left = room - widthOf(column);
    } else {
      last.push(column);
      left -= widthOf(column);
    }
  }
  return out;
}

function tableOf(columns: readonly Named[]): string {
  return textTable(
    columns.map(({ column }) => column),
    columns[0].values.map((_, row) => columns.map(({ values }) => values[row])),
  );
}

function headline(scores: Scores, cell: string, { id, headline: metric }: RunTask): number | undefined {
  const value = scores[cell].results[id][`${metric},none`];
  return typeof value === "number" ? value : undefined;
}

/** Mean over tasks of score / full score; a dash where one has no score. */
function relative(scores: Scores, cell: string, tasks: readonly RunTask[]): string {
  const ratios = tasks.map((task) => {
    const [own, full] = [headline(scores, cell, task), headline(scores, "none", task)];
    return own === undefined || full === undefined || full === 0 ? Number.NaN : own / full;
  });
  const share = mean(ratios);
  return Number.isNaN(share) ? "-" : `${(100 * share).toFixed(1)} %`;
}
