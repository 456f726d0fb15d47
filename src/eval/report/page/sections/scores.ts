/** @file The main table and the curve of score against tokens. */
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import { scoreTokensChart } from "../charts/score-tokens.js";
import { type Section, section, type Table, tableOf } from "../document.js";
import { besideFull, decimal, metricValue, NONE, provenance, range, unchangedShare } from "../format.js";
import { runChart, type SettingColumn, settingTable } from "./setting-table.js";

/** Scores of all settings, controls among them. */
export function scoresSection(numbers: ReportNumbers): Section {
  const { settings, fronts } = numbers;
  const spec = scoreTokensChart(settings, fronts.tokens);
  return section("scores", "Score and tokens", [
    "The relative score is the mean over the tasks of each task's official metric divided by its value with all tokens. Controls need no method: no picture, random tokens, evenly spaced ones, pooling, a smaller picture. A method has to beat them.",
    runChart(
      numbers,
      "Relative score against visual tokens. Methods in color, controls in gray; the wide band is the Pareto front: no other setting has a higher score at fewer tokens. Bars are 95 % intervals over pictures; points at one budget are drawn side by side.",
      spec === undefined
        ? []
        : [{ words: "Relative score against visual tokens; the table below has the numbers.", spec }],
    ),
    mainTable(numbers),
    numbers.areas.length > 0 ? areaTable(numbers) : undefined,
  ]);
}

function mainTable(numbers: ReportNumbers): Table {
  const { settings, tasks, fronts } = numbers;
  const seeds: SettingColumn = ["seeds", (setting) => (setting.seeds ? range(setting.seeds) : "")];
  return settingTable(numbers, {
    caption: `All settings. Tokens: mean per picture. Interval: of the relative score, ${numbers.bootstrap.resamples} resamples of pictures. Seeds: least and greatest of them. Same answer: as with all tokens. First token: median. ${NONE}: the official script of a task gives no value (an F1 without a yes), or nothing was answered. Front: no setting is better in score at fewer tokens (t), or at less time to the first token (s).`,
    columns: [
      ["tokens", ({ tokens }) => decimal(tokens?.mean)],
      ["relative, %", ({ relative }) => decimal(relative)],
      ["95 % interval", ({ role, interval }) => (role === "reference" ? "" : range(interval))],
      ...(settings.some((setting) => setting.seeds !== undefined) ? [seeds] : []),
      ...tasks.map(
        ({ id, headline, maxScore }, t): SettingColumn => [
          `${id} ${headline}${maxScore === 1 ? "" : ` (of ${maxScore})`}`,
          (setting) => metricValue(setting.tasks[t].value, maxScore),
        ],
      ),
      ["same answer", (setting) => unchangedShare(besideFull(setting))],
      ["first token, ms", ({ costs }) => decimal(costs?.firstToken, 0)],
      [
        "front",
        ({ id }) =>
          [fronts.tokens.includes(id) && "t", fronts.firstToken.includes(id) && "s"].filter(Boolean).join(" "),
        "words",
      ],
    ],
  });
}

function areaTable(numbers: ReportNumbers): Table {
  const [{ from, to }] = numbers.areas;
  return tableOf({
    caption: `Mean height of each curve from ${decimal(from, 0)} to ${decimal(to, 0)} tokens, over the logarithm of tokens: the area under it divided by its width. Between budgets a curve is linear; all tokens end each.`,
    source: provenance(numbers),
    rows: numbers.areas,
    columns: [
      ["method", ({ name }) => name],
      ["mean relative score, %", ({ area }) => decimal(area)],
    ],
  });
}
