/** @file The scores of a run as tables for the terminal. */
import {
  REFERENCE,
  type RunState,
  type RunTask,
  type Setting,
  type SettingResults,
  scoreWarnings,
} from "../eval/index.js";
import { mean } from "../math/index.js";
import { textTable, wrapLines } from "./text-table.js";

type Scores = Readonly<Record<string, SettingResults>>;

/**
 * A row per setting, all tokens first: tokens, median time to the first token and how much of it is saved, the headline metric of each task, and
 * the mean relative to all tokens. Below it what no score of a task has: a report has the warnings of single settings, too. Folded where the
 * terminal is too narrow.
 */
export function scoreTable(scores: Scores, { settings, tasks }: RunState, width: number): string {
  const ordered = [...settings].sort((a, b) => Number(b.id === REFERENCE) - Number(a.id === REFERENCE));
  const title = ({ id, maxScore }: RunTask) => (maxScore === 1 ? id : `${id} (of ${maxScore})`);
  const first = ({ id }: Setting) => scores[id].efficiency.first_token_ms;
  const [baseline] = ordered.map(first);
  const rows = ordered.map((setting) => {
    const { id } = setting;
    const own = first(setting);
    return [
      id,
      fixed(scores[id].efficiency.kept_tokens, 1),
      fixed(own, 0, " ms"),
      fixed(baseline && own ? baseline / own : null, 1, "x"),
      fixed(relative(scores, id, tasks), 1, " %"),
      ...tasks.map((task) => fixed(headline(scores, id, task), task.maxScore === 1 ? 3 : 1)),
    ];
  });
  const titles = ["setting", "tokens", "first token", "faster", "relative", ...tasks.map(title)];
  const notes = [
    `first token: median; faster: ${REFERENCE}'s time to the first token by the setting's; relative: mean of its scores, of ${REFERENCE}'s`,
    ...(rows.some((cells) => cells.includes(NONE))
      ? [
          `${NONE}: the official metric of a task has no value (an F1 without a yes, nothing answered), or nothing was measured`,
        ]
      : []),
    ...scoreWarnings(Object.entries(scores))
      .filter((warning) => warning.settings.length === settings.length)
      .map(({ task, text }) => `${task}: ${text}`),
  ];
  return `${textTable(titles, rows, { width })}\n\n${wrapLines(notes.join("\n"), width)}`;
}

const NONE = "-";

/** A dash for no number. */
function fixed(value: number | null, digits: number, unit = ""): string {
  return value === null ? NONE : `${value.toFixed(digits)}${unit}`;
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
