/** @file Tables and charts of a run's settings. */
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import type { SettingNumbers } from "../../numbers/setting-numbers.js";
import { type Chart, type ColumnOf, type Table, type TableOf, tableOf } from "../document.js";
import { settingCell } from "../methods-words.js";

/** A column of a table with a row per setting. */
export type SettingColumn = ColumnOf<SettingNumbers>;

/** What a table with a row per setting is about, and its columns after the setting's name. */
export interface SettingTable extends Omit<TableOf<SettingNumbers>, "rows" | "source"> {
  /** Default: all settings. */
  readonly rows?: readonly SettingNumbers[];
}

/** A table with a row per setting. */
export function settingTable(numbers: ReportNumbers, { columns, rows, ...about }: SettingTable): Table {
  const named: SettingColumn[] = [["setting", (setting) => settingCell(setting)], ...columns];
  return tableOf({ ...about, rows: rows ?? numbers.settings, columns: named });
}

/** Drawings side by side; undefined for no panels. */
export function runChart(caption: string, panels: Chart["panels"]): Chart | undefined {
  return panels.length === 0 ? undefined : { kind: "chart", caption, panels };
}
