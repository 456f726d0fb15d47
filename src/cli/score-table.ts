/** @file The scores of a run as tables for the terminal. */
import { REFERENCE, type RunState, type RunTask, type Setting, type SettingResults } from "../eval/index.js";
import { mean } from "../math/index.js";
import { textTable } from "./text-table.js";

type Scores = Readonly<Record<string, SettingResults>>;

/** Heading and cells, a setting each. */
type Column = readonly string[];

/**
 * A row per setting: tokens, time to the first token, the headline metric of each task, and the mean relative to all tokens; in as many
 * tables one below the other as the terminal's width asks for.
 */
export function scoreTable(scores: Scores, { settings, tasks }: RunState, width: number): string {
  const column = (title: string, value: (setting: Setting) => string): Column => [title, ...settings.map(value)];
  const names = column("setting", ({ id }) => id);
  const columns = [
    column("tokens", ({ id }) => fixed(scores[id].efficiency.kept_tokens, 1)),
    column("first token", ({ id }) => fixed(scores[id].efficiency.first_token_ms, 0, " ms")),
    column("relative", ({ id }) => fixed(relative(scores, id, tasks), 1, " %")),
    ...tasks.map((task) => {
      const title = task.maxScore === 1 ? task.id : `${task.id} (of ${task.maxScore})`;
      return column(title, ({ id }) => fixed(headline(scores, id, task), task.maxScore === 1 ? 3 : 1));
    }),
  ];
  const tables = sets(columns, width - widthOf(names)).map((set) => {
    const [titles, ...rows] = names.map((name, row) => [name, ...set.map((cells) => cells[row])]);
    return textTable(titles, rows);
  });
  return tables.join("\n\n");
}

/** A dash for no number. */
function fixed(value: number | null, digits: number, unit = ""): string {
  return value === null ? "-" : `${value.toFixed(digits)}${unit}`;
}

/** With the two blanks before it. */
function widthOf(column: Column): number {
  return 2 + Math.max(...column.map((cell) => cell.length));
}

/** Columns in sets that fit the room, at least one each. */
function sets(columns: readonly Column[], room: number): Column[][] {
  const out: Column[][] = [];
  let left = 0;
  for (const column of columns) {
    const width = widthOf(column);
    if (width > left) {
      out.push([]);
      left = room;
    }
    out[out.length - 1].push(column);
    left -= width;
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
