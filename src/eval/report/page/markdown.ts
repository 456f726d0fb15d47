/** @file The report as Markdown: its sentences and tables, without the charts. */
import type { Inline, Part, ReportDocument, Table } from "./document.js";

/** Text of `report.md`. Whatever comes from data shows as it is: no markup of its own. */
export function reportMarkdown({ title, about, notes, summary, sections }: ReportDocument): string {
  const blocks = [
    `# ${plain(title)}`,
    plain(about),
    ...notes.map((note) => `> **${plain(note)}**`),
    "## Summary",
    list(summary),
    ...sections.flatMap((section) => [`## ${plain(section.title)}`, ...section.parts.flatMap(part)]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function part(each: Part): string[] {
  if (each.kind === "paragraph") return [each.inlines.map(inline).join("")];
  if (each.kind === "list") return [list(each.items)];
  if (each.kind === "figure") return [plain(each.caption)];
  return each.kind === "table" ? [`${plain(each.caption)} *${plain(each.source)}*`, table(each)] : [];
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${plain(item)}`).join("\n");
}

function inline(piece: Inline): string {
  return typeof piece === "string" ? plain(piece) : `[${plain(piece.text)}](${piece.href})`;
}

function table({ columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(" | ")} |`;
  return [
    line(columns.map(({ title }) => title)),
    `| ${columns.map(({ numeric }) => (numeric ? "---:" : "---")).join(" | ")} |`,
    ...rows.map(({ cells }) => line(cells)),
  ].join("\n");
}

/** Marks of Markdown and HTML, and ends of lines, lose their meaning. */
function plain(text: string): string {
  return text
    .replaceAll(/\s*[\r\n]+\s*/g, " ")
    .replaceAll(/[\\`*_[\]|~]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
