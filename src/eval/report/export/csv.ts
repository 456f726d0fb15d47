/** @file A report's numbers as a table of commas: a row per setting and task. */
import type { ReportNumbers, ReportTask } from "../numbers/report-numbers.js";
import type { SettingNumbers, SettingTask } from "../numbers/setting-numbers.js";

/** A cell; undefined for none. */
type Cell = string | number | undefined;

/** A setting on one task of a report. */
interface Line {
  readonly numbers: ReportNumbers;
  readonly setting: SettingNumbers;
  readonly task: ReportTask;
  readonly on: SettingTask;
}

/** Columns by name, units in the names. Costs are of a setting over all tasks, as the report has them. */
const COLUMNS: readonly (readonly [name: string, cell: (line: Line) => Cell])[] = [
  ["model", ({ numbers }) => numbers.run.model.name],
  ["task", ({ task }) => task.id],
  ["setting", ({ setting }) => setting.id],
  ["method", ({ setting }) => setting.name],
  ["budget", ({ setting }) => String(setting.budget)],
  ["role", ({ setting }) => setting.role],
  ["seeds", ({ setting }) => setting.members.length],
  ["metric", ({ task }) => task.headline],
  ["max_score", ({ task }) => task.maxScore],
  ["value", ({ on }) => on.value],
  ["relative_percent", ({ on }) => on.relative],
  ["relative_low", ({ on }) => on.relativeInterval?.low],
  ["relative_high", ({ on }) => on.relativeInterval?.high],
  ["score", ({ on }) => on.score],
  ["difference_points", ({ on }) => on.difference],
  ["difference_low", ({ on }) => on.differenceInterval?.low],
  ["difference_high", ({ on }) => on.differenceInterval?.high],
  ["mcnemar_p", ({ on }) => on.mcnemar],
  ["right_to_wrong", ({ on }) => on.flips.rightToWrong],
  ["wrong_to_right", ({ on }) => on.flips.wrongToRight],
  ["compared", ({ on }) => on.agreement.answered],
  ["unchanged", ({ on }) => on.agreement.unchanged],
  ["samples", ({ task }) => task.samples],
  ["images", ({ task }) => task.pictures],
  ["failed", ({ on }) => on.failed],
  ["tokens_mean", ({ on }) => on.tokens?.mean],
  ["tokens_min", ({ on }) => on.tokens?.min],
  ["tokens_max", ({ on }) => on.tokens?.max],
  ["all_tasks_relative_percent", ({ setting }) => setting.relative],
  ["all_tasks_first_token_ms", ({ setting }) => setting.costs?.firstToken],
  ["all_tasks_total_ms", ({ setting }) => setting.costs?.total],
  ["all_tasks_prompt_tokens", ({ setting }) => setting.costs?.promptTokens],
  ["all_tasks_kv_bytes_full", ({ setting }) => setting.costs?.kvBytes.full],
  ["all_tasks_kv_bytes_kept", ({ setting }) => setting.costs?.kvBytes.kept],
];

/**
 * A head and a row per setting and task, in the report's order: RFC 4180 with bare line feeds, numbers unrounded, empty cells where there
 * is no number.
 */
export function reportCsv(numbers: ReportNumbers): string {
  const lines = numbers.settings.flatMap((setting) =>
    numbers.tasks.map((task, t): Line => ({ numbers, setting, task, on: setting.tasks[t] })),
  );
  const rows = lines.map((line) => COLUMNS.map(([, cell]) => cell(line)));
  return [COLUMNS.map(([name]) => name), ...rows].map((cells) => `${cells.map(csvCell).join(",")}\n`).join("");
}

/** A cell, in quotes where it needs them. */
function csvCell(cell: Cell): string {
  const text = cell === undefined ? "" : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
