/** @file The main table and the curve of score against tokens. */
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import { scoreTokensChart } from "../charts/score-tokens.js";
import { type Column, paragraph, type Section, type Table } from "../document.js";
import { decimal, entryName, NONE, percent, provenance, range } from "../words.js";

/** Scores of all entries, controls among them. */
export function scoresSection(numbers: ReportNumbers): Section {
  const { entries, fronts } = numbers;
  const spec = scoreTokensChart(entries, fronts.tokens);
  return {
    id: "scores",
    title: "Score and tokens",
    parts: [
      paragraph(
        "The relative score is the mean over the tasks of each task's official metric divided by its value with all tokens. Controls need no method: no picture, random tokens, evenly spaced ones, pooling, a smaller picture. A method has to beat them.",
      ),
      ...(spec === undefined
        ? []
        : [
            {
              kind: "chart" as const,
              caption: `Relative score against visual tokens. Methods in color, controls in gray; the wide band is the Pareto front: no other entry has a higher score at fewer tokens. Bars are 95 % intervals over pictures of the questions' scores, so a dot (the official metric) need not be in their middle; points at one budget are drawn side by side.`,
              source: provenance(numbers),
              panels: [
                { title: "", words: "Relative score against visual tokens; the table below has the numbers.", spec },
              ],
            },
          ]),
      mainTable(numbers),
      ...(numbers.areas.length > 0 ? [areaTable(numbers)] : []),
    ],
  };
}

function mainTable(numbers: ReportNumbers): Table {
  const { entries, tasks, fronts } = numbers;
  const seeds = entries.some((entry) => entry.seeds !== undefined);
  const columns: Column[] = [
    { title: "method@budget" },
    { title: "tokens", numeric: true },
    { title: "relative, %", numeric: true },
    { title: "95 % interval", numeric: true },
    ...(seeds ? [{ title: "seeds", numeric: true }] : []),
    ...tasks.map(({ id, headline, best }) => ({
      title: `${id} ${headline}${best === 1 ? "" : ` (of ${best})`}`,
      numeric: true,
    })),
    { title: "same answer", numeric: true },
    { title: "first token, ms", numeric: true },
    { title: "front" },
  ];
  return {
    kind: "table",
    caption: `All entries. Tokens: mean per picture. Interval: of the mean relative score per question, ${numbers.bootstrap.resamples} resamples of pictures. Seeds: least and greatest of them. Same answer: as with all tokens. First token: median. ${NONE}: the official script of a task gives no value (an F1 without a yes). Front: no entry is better in score at fewer tokens (t), or at less time to the first token (s).`,
    source: provenance(numbers),
    columns,
    rows: entries.map((entry) => {
      const answered = entry.tasks.reduce((sum, { loyalty }) => sum + loyalty.answered, 0);
      const unchanged = entry.tasks.reduce((sum, { loyalty }) => sum + loyalty.unchanged, 0);
      const on = [fronts.tokens.includes(entry.id) ? "t" : "", fronts.firstToken.includes(entry.id) ? "s" : ""];
      return {
        role: entry.role,
        cells: [
          entryName(entry),
          decimal(entry.tokens?.mean),
          decimal(entry.relative),
          entry.role === "reference" ? "" : range(entry.interval),
          ...(seeds ? [entry.seeds === undefined ? "" : range(entry.seeds)] : []),
          ...entry.tasks.map(({ value }, t) => decimal(value, tasks[t].best === 1 ? 3 : 1)),
          answered === 0 ? percent(undefined) : percent((100 * unchanged) / answered),
          decimal(entry.costs?.firstToken, 0),
          on.filter((mark) => mark !== "").join(" "),
        ],
      };
    }),
  };
}

function areaTable(numbers: ReportNumbers): Table {
  const [{ from, to }] = numbers.areas;
  return {
    kind: "table",
    caption: `Mean height of each curve from ${decimal(from, 0)} to ${decimal(to, 0)} tokens, over the logarithm of tokens: the area under it divided by its width. Between budgets a curve is linear; all tokens end each.`,
    source: provenance(numbers),
    columns: [{ title: "method" }, { title: "mean relative score, %", numeric: true }],
    rows: numbers.areas.map(({ series, role, area }) => ({ role, cells: [series, decimal(area)] })),
  };
}
