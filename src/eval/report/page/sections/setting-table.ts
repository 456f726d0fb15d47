/** @file Tables and charts of a run, with model, data and machine below each. */
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import type { SettingNumbers } from "../../numbers/setting-numbers.js";
import { type Chart, type Column, columns, type Table } from "../document.js";
import { provenance, settingName } from "../format.js";

/** Columns of a table with a row per setting, and the function that fills them. */
export interface SettingTable extends Pick<Table, "caption" | "folded"> {
  /** Columns after the setting's name: titles of columns of numbers, or whole columns. */
  readonly columns: readonly (string | Column)[];
  /** Cells after the setting's name. @param place of the setting among all. */
  readonly cells: (setting: SettingNumbers, place: number) => readonly string[];
  /** Default: all. */
  readonly settings?: readonly SettingNumbers[];
  /** The one task that the table is about. */
  readonly task?: string;
}

/** A table with a row per setting. */
export function settingTable(
  numbers: ReportNumbers,
  { caption, columns: titles, cells, settings = numbers.settings, task, folded }: SettingTable,
): Table {
  const own = titles.map((title): Column => (typeof title === "string" ? { title, numeric: true } : title));
  return {
    kind: "table",
    caption,
    source: provenance(numbers, task),
    columns: [...columns("setting"), ...own],
    rows: settings.map((setting, place) => ({
      role: setting.role,
      cells: [settingName(setting), ...cells(setting, place)],
    })),
    ...(folded !== undefined && { folded }),
  };
}

/** Drawings of a run's numbers side by side; none for no panels. */
export function runChart(numbers: ReportNumbers, caption: string, panels: Chart["panels"]): Chart[] {
  return panels.length === 0 ? [] : [{ kind: "chart", caption, source: provenance(numbers), panels }];
}
