/** @file The scores of a run as tables for the terminal. */
import { REFERENCE, type RunState, type RunTask, type Setting, type SettingResults } from "../eval/index.js";
import { mean } from "../math/index.js";
import { type Column, textTable } from "./text-table.js";

type Scores = Readonly<Record<string, SettingResults>>;

/**
 * A row per setting: tokens, time to the first token, the headline metric of each task, and the mean relative to all tokens; in as many
 * tables one below the other as the terminal's width asks for.
 */
export function scoreTable(scores: Scores, { settings, tasks }: RunState, width: number): string {
  const names: Named = { column: { title: "setting" }, values: settings.map(({ id }) => id) };
  const numeric = (title: string, value: (setting: Setting) => string): Named => ({
    column: { title, numeric: true },
    values: settings.map(value),
  });
  const columns = [
    numeric("tokens", ({ id }) => fixed(scores[id].efficiency.kept_tokens, 1)),
    numeric("first token", ({ id }) => fixed(scores[id].efficiency.first_token_ms, 0, " ms")),
    numeric("relative", ({ id }) => fixed(relative(scores, id, tasks), 1, " %")),
    ...tasks.map((task) =>
      numeric(task.maxScore === 1 ? task.id : `${task.id} (of ${task.maxScore})`, ({ id }) =>
        fixed(headline(scores, id, task), task.maxScore === 1 ? 3 : 1),
      ),
    ),
  ];
  const tables = sets(columns, width - widthOf(names)).map((set) => [names, ...set]);
  return tables
    .map((set) =>
      textTable(
        set.map(({ column }) => column),
        settings.map((_, row) => set.map(({ values }) => values[row])),
      ),
    )
    .join("\n\n");
}

/** A dash for no number. */
function fixed(value: number | null, digits: number, unit = ""): string {
  return value === null ? "-" : `${value.toFixed(digits)}${unit}`;
}

interface Named {
  readonly column: Column;
  readonly values: readonly string[];
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

function headline(scores: Scores, setting: string, { id, headline: metric }: RunTask): number | null {
  const value = scores[setting].results[id][`${metric},none`];
  return typeof value === "number" ? value : null;
}

/** Mean over tasks of score / full score in percent; null where one has no score. */
function relative(scores: Scores, setting: string, tasks: readonly RunTask[]): number | null {
  const ratios = tasks.map((task) => {
    const [own, full] = [headline(scores, setting, task), headline(scores, REFERENCE, task)];
    return own === null || full === null || full === 0 ? Number.NaN : (100 * own) / full;
  });
  const all = mean(ratios);
  return Number.isNaN(all) ? null : all;
}
