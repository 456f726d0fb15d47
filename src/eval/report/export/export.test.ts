import { describe, expect, it } from "vitest";
import { largeRun, madeRow, madeRun, madeSetting, madeTask } from "../../../../tests/eval/report/make-run.js";
import type { Setting } from "../../run/settings.js";
import { reportNumbers } from "../numbers/report-numbers.js";
import { reportCsv } from "./csv.js";
import { reportLatex } from "./latex.js";

const NONE: Setting = { id: "none", method: "none", budget: "all", options: {}, role: "reference" };
const numbers = reportNumbers(largeRun({ samples: 30 }));

describe("a report as CSV", () => {
  it("has a row per setting and task, whose numbers are the report's", () => {
    const [head, ...rows] = reportCsv(numbers)
      .trimEnd()
      .split("\n")
      .map((line) => line.split(","));
    expect(rows).toHaveLength(numbers.settings.length * numbers.tasks.length);
    expect(rows.every((row) => row.length === head.length)).toBe(true);
    const cell = (row: readonly string[], name: string) => row[head.indexOf(name)];
    for (const [i, row] of rows.entries()) {
      const setting = numbers.settings[Math.floor(i / numbers.tasks.length)];
      const on = setting.tasks[i % numbers.tasks.length];
      expect([cell(row, "setting"), cell(row, "task")]).toEqual([setting.id, on.task]);
      expect(Number(cell(row, "value"))).toBe(on.value);
      expect(cell(row, "relative_low")).toBe(on.relativeInterval === undefined ? "" : `${on.relativeInterval.low}`);
      expect(cell(row, "all_tasks_kv_bytes_kept")).toBe(String(setting.costs?.kvBytes.kept ?? ""));
    }
  });

  it("quotes what a comma, a quote or a line end would break", () => {
    const tasks = [madeTask('a,"b"\nc', 1)];
    const rows = { [tasks[0].id]: [madeRow(0, { score: 1 })] };
    const made = madeRun(tasks, [NONE], new Map([["none", madeSetting("none", tasks, rows)]]));
    expect(reportCsv(reportNumbers(made)).split("\n").slice(1).join("\n")).toMatch(/^tiny,"a,""b""\nc",none,/);
  });
});

describe("a report as LaTeX", () => {
  it("is a table of booktabs with as many cells in each row as its head", () => {
    const lines = reportLatex(numbers).trimEnd().split("\n");
    const rows = lines.filter((line) => line.endsWith("\\\\"));
    expect(rows).toHaveLength(1 + numbers.settings.length);
    const width = rows[0].split(" & ").length;
    expect(rows.every((row) => row.split(" & ").length === width)).toBe(true);
    expect(lines).toContain(`\\begin{tabular}{l${"r".repeat(width - 1)}}`);
    // Between all tokens and the methods, between those and the controls, and below the head.
    expect(lines.filter((line) => line === "\\midrule")).toHaveLength(3);
    expect(rows[0]).toContain("syn\\_pope pope\\_f1\\_score & ");
  });

  it("escapes every character that LaTeX reads, and keeps a note inside its comment", () => {
    const tasks = [madeTask("a_b&c%d#e$f{g}h~i^j\\k\nl", 1)];
    const rows = { [tasks[0].id]: [madeRow(0, { score: 1 })] };
    const data = new Map([["none", madeSetting("none", tasks, rows)]]);
    const text = reportLatex(reportNumbers(madeRun(tasks, [NONE], data, { notes: ["one\n\\input{x}\rtwo"] })));
    const head =
      "a\\_b\\&c\\%d\\#e\\$f\\{g\\}h\\textasciitilde{}i\\textasciicircum{}j\\textbackslash{}k l exact\\_match";
    expect(text).toContain(` & ${head} & `);
    expect(text).toContain("% one \\input{x} two\n");
    expect(text.split("\n").filter((line) => line.startsWith("\\input"))).toEqual([]);
  });
});
