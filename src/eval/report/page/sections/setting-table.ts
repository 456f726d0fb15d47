/** @file Tables and charts of a run, with model, data and machine below each. */
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import type { SettingNumbers } from "../../numbers/setting-numbers.js";
import { type Chart, type ColumnOf, type Table, type TableOf, tableOf } from "../document.js";
import { provenance, settingName } from "../format.js";

/** A column of a table with a row per setting. */
export type SettingColumn = ColumnOf<SettingNumbers>;

/** What a table with a row per setting is about, and its columns after the setting's name. */
export interface SettingTable extends Omit<TableOf<SettingNumbers>, "rows" | "source"> {
  /** Default: all settings. */
  readonly rows?: readonly SettingNumbers[];
  /** The one task that the table is about. */
  readonly task?: string;
}

/** A table with a row per setting. */
export function settingTable(numbers: ReportNumbers, { columns, task, rows, ...about }: SettingTable): Table {
  const source = provenance(numbers, task);
  const named: SettingColumn[] = [["setting", settingName], ...columns];
  return tableOf({ ...about, source, rows: rows ?? numbers.settings, columns: named });
}

/** Drawings of a run's numbers side by side; undefined for no panels. */
export function runChart(numbers: ReportNumbers, caption: string, panels: Chart["panels"]): Chart | undefined {
  return panels.length === 0 ? undefined : { kind: "chart", caption, source: provenance(numbers), panels };
}
