/** @file How many tokens stay; methods with a number of their own beside fixed ones. */
import type { Spread } from "../../../../math/index.js";
import type { AtTokens, EqualTokens } from "../../numbers/curves.js";
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import { percentOf } from "../../numbers/setting-numbers.js";
import { settingStyles } from "../charts/style.js";
import { tokenCountsChart } from "../charts/token-counts.js";
import { type Chart, foldedSection, type Section, type Table, tableOf } from "../document.js";
import { decimal, NONE, percent } from "../format.js";
import { runChart, type SettingColumn, settingTable } from "./setting-table.js";

/** Retention of all settings; distributions and comparisons of dynamic ones. */
export function retentionSection(numbers: ReportNumbers): Section {
  const { equalTokens } = numbers;
  return foldedSection("retention", "How many tokens stay", [
    chart(numbers),
    retentionTable(numbers),
    equalTokens.length === 0
      ? undefined
      : "A dynamic method spends more tokens on some pictures than on others. It is fair to compare it with fixed counts at its mean (equal cost on average) and at its maximum (equal memory). The fixed ones' scores there are not measured but read off their curves, linear between the two budgets given, task by task; where those are far apart, that is coarse.",
    ...equalTokens.map(equalTable),
    numbers.areas.length > 0 ? areaTable(numbers) : undefined,
  ]);
}

function chart(numbers: ReportNumbers): Chart | undefined {
  const styleOf = settingStyles(numbers.settings);
  const panels = numbers.settings.flatMap((setting) => {
    const { id, counts = [], tokens } = setting;
    if (counts.length === 0 || tokens === undefined) return [];
    const words = `Distribution of kept tokens of ${id}: mean ${decimal(tokens.mean)}, from ${tokens.min} to ${tokens.max}.`;
    return [{ title: id, words, spec: tokenCountsChart(counts, tokens.mean, styleOf(setting).color) }];
  });
  return runChart("Kept tokens of methods that find the number themselves, all questions.", panels);
}

function retentionTable(numbers: ReportNumbers): Table {
  const end = (title: string, which: Exclude<keyof Spread, "mean">): SettingColumn => [
    title,
    ({ tokens }) => decimal(tokens?.[which], Number.isInteger(tokens?.[which]) ? 0 : 1),
  ];
  return settingTable(numbers, {
    caption: "Kept visual tokens per question with a picture. p5, p95: 90 of 100 questions lie between them.",
    columns: [
      ["mean", ({ tokens }) => decimal(tokens?.mean)],
      ["share of all", ({ retention }) => percent(percentOf(retention, 1))],
      end("median", "median"),
      end("p5", "p5"),
      end("p95", "p95"),
      end("least", "min"),
      end("most", "max"),
    ],
  });
}

function equalTable({ setting, relative, counts, fixed }: EqualTokens): Table {
  const list = (which: "mean" | "max") =>
    counts.map((count) => `${decimal(count[which], which === "max" ? 0 : 1)} on ${count.task}`).join(", ");
  // A range of one count is no reading between two.
  const measured: AtTokens = { relative: relative ?? Number.NaN, from: 0, to: 0 };
  const own = { name: setting, role: "reference" as const, atMean: measured, atMax: measured };
  return tableOf<EqualTokens["fixed"][number]>({
    caption: `${setting} (relative score ${percent(relative)}) beside fixed counts. Mean tokens: ${list("mean")}. Maximum: ${list("max")}. ${NONE}: below the smallest budget asked, or a score is missing.`,
    rows: [own, ...fixed],
    columns: [
      ["method", ({ name }) => name],
      ["relative at equal mean, %", ({ atMean }) => decimal(atMean?.relative)],
      ["between budgets", ({ atMean }) => between(atMean)],
      ["relative at equal maximum, %", ({ atMax }) => decimal(atMax?.relative)],
      ["between budgets", ({ atMax }) => between(atMax)],
    ],
  });
}

function between(at: AtTokens | undefined): string {
  if (at === undefined) return "";
  return at.from === at.to ? "measured" : `${decimal(at.from, 0)} and ${decimal(at.to, 0)}`;
}

function areaTable({ areas }: ReportNumbers): Table {
  const [{ from, to }] = areas;
  return tableOf({
    caption: `Mean height of each curve from ${decimal(from, 0)} to ${decimal(to, 0)} tokens, over the logarithm of tokens: the area under it divided by its width. Between budgets a curve is linear; all tokens end each.`,
    rows: areas,
    columns: [
      ["method", ({ name }) => name],
      ["mean relative score, %", ({ area }) => decimal(area)],
    ],
  });
}
