/** @file The report as Markdown: its sentences and tables, without the charts. */
import { cellText, type Example, type Inline, type Part, type ReportDocument, type Table } from "./document.js";

/** Text of `report.md`. Whatever comes from data shows as it is: no markup of its own. */
export function reportMarkdown({ title, facts, notes, sections }: ReportDocument): string {
  const blocks = [
    `# ${plain(title)}`,
    list(facts.map(([name, text]) => `${name}: ${text}`)),
    ...notes.map((note) => `> **${plain(note)}**`),
    ...sections.flatMap(({ title: name, parts, aside = [] }) => [
      `## ${plain(name)}`,
      ...[...parts, ...aside].flatMap(part),
    ]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function part(each: Part): string[] {
  if (each.kind === "paragraph") return [each.inlines.map(inline).join("")];
  if (each.kind === "list") return [list(each.items)];
  if (each.kind === "terms")
    return each.items.map(({ name, meaning }) => `**${plain(name)}**: ${meaning.map(inline).join("")}`);
  if (each.kind === "examples") return each.items.map(example);
  if (each.kind === "chart") return [];
  return [`${plain(each.caption)}${each.source === undefined ? "" : ` *${plain(each.source)}*`}`, table(each)];
}

function example({ title, facts, note }: Example): string {
  const known = facts.map(([name, text]) => `${name}: ${text}`);
  return `- ${[title, ...known, note].map(plain).join("; ")}`;
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
    ...rows.map(({ cells }) => line(cells.map(cellText))),
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
