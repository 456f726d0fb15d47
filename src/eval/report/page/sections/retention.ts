/** @file How many tokens stay; methods with a number of their own beside fixed ones. */
import type { AtTokens, EqualTokens } from "../../numbers/equal-tokens.js";
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import { settingStyles } from "../charts/style.js";
import { tokenCountsChart } from "../charts/token-counts.js";
import { type Chart, columns, paragraph, type Section, type Table } from "../document.js";
import { decimal, NONE, percent, provenance } from "../format.js";
import { runChart, settingTable } from "./setting-table.js";

/** Retention of all settings; distributions and comparisons of dynamic ones. */
export function retentionSection(numbers: ReportNumbers): Section {
  return {
    id: "retention",
    title: "How many tokens stay",
    parts: [...chart(numbers), retentionTable(numbers), ...equalParts(numbers)],
  };
}

function chart(numbers: ReportNumbers): Chart[] {
  const styleOf = settingStyles(numbers.settings);
  const panels = numbers.settings.flatMap((setting) => {
    const { id, counts = [], tokens } = setting;
    if (counts.length === 0 || tokens === undefined) return [];
    const words = `Distribution of kept tokens of ${id}: mean ${decimal(tokens.mean)}, from ${tokens.min} to ${tokens.max}.`;
    return [{ title: id, words, spec: tokenCountsChart(counts, tokens.mean, styleOf(setting).color) }];
  });
  return runChart(numbers, "Kept tokens of methods that find the number themselves, all questions.", panels);
}

function retentionTable(numbers: ReportNumbers): Table {
  return settingTable(numbers, {
    caption: "Kept visual tokens per question with a picture. p5, p95: 90 of 100 questions lie between them.",
    columns: ["mean", "share of all", "median", "p5", "p95", "least", "most"],
    cells({ tokens, retention }) {
      const ends = [tokens?.median, tokens?.p5, tokens?.p95, tokens?.min, tokens?.max];
      return [
        decimal(tokens?.mean),
        retention === undefined ? NONE : percent(100 * retention),
        ...ends.map((count) => decimal(count, count !== undefined && Number.isInteger(count) ? 0 : 1)),
      ];
    },
  });
}

function equalParts(numbers: ReportNumbers) {
  if (numbers.equalTokens.length === 0) return [];
  return [
    paragraph(
      "A dynamic method spends more tokens on some pictures than on others. It is fair to compare it with fixed counts at its mean (equal cost on average) and at its maximum (equal memory). The fixed ones' scores there are not measured but read off their curves, linear between the two budgets given, task by task; where those are far apart, that is coarse.",
    ),
    ...numbers.equalTokens.map((each) => equalTable(each, numbers)),
  ];
}

function equalTable({ setting, relative, counts, fixed }: EqualTokens, numbers: ReportNumbers): Table {
  const list = (which: "mean" | "max") =>
    counts.map((count) => `${decimal(count[which], which === "max" ? 0 : 1)} on ${count.task}`).join(", ");
  const read = (value: AtTokens | undefined) =>
    value === undefined ? [NONE, ""] : [decimal(value.relative), between(value)];
  return {
    kind: "table",
    caption: `${setting} (relative score ${percent(relative)}) beside fixed counts. Mean tokens: ${list("mean")}. Maximum: ${list("max")}. ${NONE}: below the smallest budget asked, or a score is missing.`,
    source: provenance(numbers),
    columns: columns(
      "method",
      "relative at equal mean, %",
      "between budgets",
      "relative at equal maximum, %",
      "between budgets",
    ),
    rows: [
      { role: "reference", cells: [setting, decimal(relative), "measured", decimal(relative), "measured"] },
      ...fixed.map(({ name, role, atMean, atMax }) => ({
        role,
        cells: [name, ...read(atMean), ...read(atMax)],
      })),
    ],
  };
}

function between({ from, to }: AtTokens): string {
  return from === to ? "measured" : `${decimal(from, 0)} and ${decimal(to, 0)}`;
}
