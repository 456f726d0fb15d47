/** @file The table of a report as text: CSV for tables of numbers, LaTeX for papers. */
import type { ReportTable } from "./export.js";

/** All columns as RFC 4180 has them: lines end in CRLF, a missing number is empty, no number is rounded. */
export function csvText({ columns, rows }: ReportTable): string {
  return [columns, ...rows].map((row) => `${row.map(csvField).join(",")}\r\n`).join("");
}

function csvField(value: ReportTable["rows"][number][number]): string {
  if (typeof value !== "string") return value === undefined || !Number.isFinite(value) ? "" : String(value);
  // Programs of tables take a text that begins so for a formula, and run it.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The main columns as a LaTeX table for the package booktabs; all tokens above a line of their own. */
export function latexText({ caption, shown }: ReportTable): string {
  const line = (cells: readonly string[]) => `${cells.map(latexPlain).join(" & ")} \\\\`;
  const [{ cells: names }] = shown;
  const rows = names.map((_, row) => line(shown.map(({ cells }) => cells[row])));
  const first = names[0] === "all tokens" ? [rows[0], "\\midrule"] : rows.slice(0, 1);
  return [
    "% \\usepackage{booktabs}",
    "\\begin{table}",
    "\\centering",
    `\\caption{${latexPlain(caption)}}`,
    `\\begin{tabular}{l${"r".repeat(shown.length - 1)}}`,
    "\\toprule",
    line(shown.map(({ head }) => head)),
    "\\midrule",
    ...first,
    ...rows.slice(1),
    "\\bottomrule",
    "\\end{tabular}",
    "\\end{table}",
    "",
  ].join("\n");
}

const LATEX: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "−": "$-$",
  "–": "--",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  "[": "{[}",
  "]": "{]}",
};

/** Text that LaTeX prints as it is. */
function latexPlain(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[\\~^−–<>|[\]#$%&_{}]/g, (letter) => LATEX[letter] ?? `\\${letter}`);
}
