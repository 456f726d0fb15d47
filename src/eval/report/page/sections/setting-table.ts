/** @file Tables and charts of a run, with model, data and machine below each. */
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import type { SettingNumbers } from "../../numbers/setting-numbers.js";
import { type Chart, type Table, type TableOf, tableOf } from "../document.js";
import { provenance, settingName } from "../format.js";

/** What a table with a row per setting is about, and its columns after the setting's name. */
export interface SettingTable extends Omit<TableOf<SettingNumbers>, "rows" | "source"> {
  /** The one task that the table is about. */
  readonly task?: string;
}

/** A table with a row per setting. @param rows default: all. */
export function settingTable(
  numbers: ReportNumbers,
  { columns, task, ...about }: SettingTable,
  rows = numbers.settings,
): Table {
  return tableOf({
    ...about,
    source: provenance(numbers, task),
    rows,
    columns: [["setting", settingName], ...columns],
  });
}

/** Drawings of a run's numbers side by side; none for no panels. */
export function runChart(numbers: ReportNumbers, caption: string, panels: Chart["panels"]): Chart[] {
  return panels.length === 0 ? [] : [{ kind: "chart", caption, source: provenance(numbers), panels }];
}
