/** CSV and LaTeX of a report: every setting, nothing that a program could take for something else. */
import { describe, expect, it } from "vitest";
import { reportNumbers } from "../../../src/eval/index.js";
import { type ReportTable, reportTable } from "../../../src/eval/report/page/export.js";
import { reportDocument } from "../../../src/eval/report/page/report-document.js";
import { csvText, latexText } from "../../../src/eval/report/page/table-text.js";
import { largeRun } from "./make-run.js";

/** A small reader of RFC 4180, to check what is written by other rules than those that wrote it. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  for (let match = field.exec(text); match !== null; match = field.exec(text)) {
    row.push(match[1]?.replaceAll('""', '"') ?? match[2]);
    if (match[3] === ",") continue;
    rows.push(row);
    row = [];
  }
  expect(rows.map((each) => each.length).reduce((a, b) => Math.min(a, b))).toBe(rows[0].length);
  return rows;
}

const table = (more: Partial<ReportTable>): ReportTable => ({ caption: "", columns: [], rows: [], shown: [], ...more });

describe("of a run", () => {
  const numbers = reportNumbers(largeRun({ samples: 30, methods: ["recoverable", "cdpruner"] }));
  const made = reportTable(numbers);

  it("CSV has a row per setting and all digits, all tokens first, then by score", () => {
    const [head, ...rows] = parseCsv(csvText(made));
    expect(head.slice(0, 4)).toEqual(["setting", "method", "budget", "role"]);
    expect(new Set(head).size).toBe(head.length);
    expect(rows.map(([id]) => id).sort()).toEqual(numbers.settings.map(({ id }) => id).sort());
    expect(rows[0][0]).toBe("none");
    const at = head.indexOf("relative_percent");
    const scores = rows.slice(1).map((row) => Number(row[at]));
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    for (const { id, relative, interval, tasks } of numbers.settings) {
      const row = rows.find(([name]) => name === id) ?? [];
      const value = (name: string) => row[head.indexOf(name)];
      expect(Number(value("relative_percent"))).toBe(relative);
      expect(value("relative_low")).toBe(String(interval?.low ?? ""));
      expect(Number(value("syn_mme.question_score"))).toBe(tasks[2].score);
    }
    expect(csvText(made)).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("LaTeX is one booktabs table with as many cells in every line", () => {
    const text = latexText(made);
    const lines = text.split("\n").filter((line) => line.endsWith("\\\\"));
    expect(lines).toHaveLength(made.rows.length + 1);
    const cells = (line: string) => line.split(/(?<!\\)&/).length;
    expect(new Set(lines.map(cells))).toEqual(new Set([made.shown.length]));
    expect(text).toContain(`\\begin{tabular}{l${"r".repeat(made.shown.length - 1)}}`);
    expect(text).toMatch(/\\toprule[\s\S]*\\midrule[\s\S]*all tokens[\s\S]*\\midrule[\s\S]*\\bottomrule/);
    expect(text).toContain("random@58 & 58.0 &");
    expect(text).toContain("syn\\_pope");
  });
});

describe("of a run whose settings differ in what the decoder is told", () => {
  const run = largeRun({ samples: 6, methods: ["cdpruner", "text-topk"] });
  const reason = "the method text-topk gives its rows none";
  const settings = new Map(
    Array.from(run.settings, ([id, data]) => {
      const untold = id.startsWith("text-topk") ? { mass: reason } : {};
      const told = { positions: "original" as const, mass: "mass" in untold ? 0 : 0.5, untold };
      const rows = Object.entries(data.rows).map(([task, own]) => [
        task,
        own.map((row) => ({ ...row, record: row.record.error === undefined ? { ...row.record, told } : row.record })),
      ]);
      return [id, { ...data, rows: Object.fromEntries(rows) }];
    }),
  );
  const state = { ...run.state, told: { positions: "original" as const, mass: 0.5 } };
  const numbers = reportNumbers({ ...run, state, settings });

  it("CSV has both for each", () => {
    const [head, ...rows] = parseCsv(csvText(reportTable(numbers)));
    const [positions, mass] = ["positions", "mass"].map((name) => head.indexOf(name));
    expect(rows.length).toBeGreaterThan(2);
    for (const row of rows)
      expect([row[positions], row[mass]]).toEqual(["original", row[0].startsWith("text-topk") ? "0" : "0.5"]);
  });

  it("page and table say what it is told by default, and what it was not", () => {
    const { facts, notes } = reportDocument(numbers);
    expect(facts).toContainEqual(["Rows", "original positions, mass 0.5, where a setting does not say"]);
    expect(notes.at(-1)).toMatch(new RegExp(`^The decoder was not told mass in text-topk@.*: ${reason}\\.$`));
    expect(latexText(reportTable(numbers))).toContain(
      `Rows: original positions, mass 0.5, where a setting does not say.`,
    );
    expect(latexText(reportTable(numbers))).toContain(`: ${reason}.`);
    expect(reportDocument(reportNumbers(run)).facts.map(([name]) => name)).not.toContain("Rows");
  });
});

it("CSV quotes what it must, leaves out what is no number, and holds no formula", () => {
  const rows = [
    ['a,"b"\r\nc', Number.NaN, undefined, 1e-9],
    ["=1+1", -1, 0, Number.POSITIVE_INFINITY],
  ];
  expect(csvText(table({ columns: ["a b", "c", "d", "e"], rows }))).toBe(
    'a b,c,d,e\r\n"a,""b""\r\nc",,,1e-9\r\n\'=1+1,-1,0,\r\n',
  );
});

it("LaTeX prints every letter as it is", () => {
  const text = latexText(
    table({ caption: "100 % & more", shown: [{ head: "a_b", cells: ["\\input{x}", "~^#$ −1.0 – [2, 3]"] }] }),
  );
  expect(text).toContain("\\caption{100 \\% \\& more}");
  expect(text).toContain("a\\_b \\\\");
  expect(text).toContain("\\textbackslash{}input\\{x\\} \\\\");
  expect(text).toContain("\\textasciitilde{}\\textasciicircum{}\\#\\$ $-$1.0 -- {[}2, 3{]} \\\\");
});
