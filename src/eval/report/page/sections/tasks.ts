/** @file Each task by itself: relative scores with intervals, and tests against all tokens. */
import { REFERENCE } from "../../../run/settings.js";
import type { ReportNumbers, ReportTask } from "../../numbers/report-numbers.js";
import { percentOf, type SettingTask } from "../../numbers/setting-numbers.js";
import { dotPanels } from "../charts/dot-intervals.js";
import { type Chart, foldedSection, type Section, type Table } from "../document.js";
import { dataName, decimal, metricValue, pValue, range } from "../format.js";
import { runChart, type SettingColumn, settingTable } from "./setting-table.js";

/** One table per task, and panels side by side. */
export function tasksSection(numbers: ReportNumbers): Section {
  const tests = numbers.settings.flatMap(({ tasks }) => tasks.filter(({ mcnemar }) => mcnemar !== undefined)).length;
  return foldedSection("tasks", "Each task: official scores, intervals, tests", [
    `Relative scores are of the official metric, with it their intervals: bootstrap over pictures, the metric computed anew from each resample; none where that has no value too often, where every resample gives the same, or of one picture. Scores, differences and tests are of the questions' own scores (0 to 1). p: exact McNemar test on right and wrong (a score of 0.5 or more is right), which takes questions as independent${tests > 1 ? `; the ${tests} tests on this page are not corrected for their number` : ""}.`,
    chart(numbers),
    ...numbers.tasks.map((_, place) => taskTable(numbers, place)),
  ]);
}

function chart(numbers: ReportNumbers): Chart | undefined {
  const charts = numbers.tasks.map((task, place) => ({
    title: task.id,
    words: `Relative score of each setting on ${titleOf(task)}; the tables below have the numbers.`,
    reference: 100,
    dots: numbers.settings.map(({ id, tasks }) => {
      const { relative: value, relativeInterval: interval } = tasks[place];
      return value === undefined || id === REFERENCE ? undefined : { value, interval };
    }),
  }));
  return runChart(
    "Relative score by task; the dashed line is that of all tokens. Bars are 95 % intervals.",
    dotPanels(numbers.settings, charts, { axis: "score, % of all tokens", step: 5 }),
  );
}

function titleOf({ id, alias }: ReportTask): string {
  return alias === id ? id : `${alias} (${id})`;
}

function taskTable(numbers: ReportNumbers, place: number): Table {
  const { id, rule, headline, maxScore } = numbers.tasks[place];
  const of = (title: string, text: (task: SettingTask) => string): SettingColumn => [
    title,
    ({ tasks }) => text(tasks[place]),
  ];
  // All tokens are not compared with themselves.
  const beside = (title: string, text: (task: SettingTask) => string): SettingColumn => [
    title,
    (setting) => (setting.id === REFERENCE ? "" : text(setting.tasks[place])),
  ];
  return settingTable(numbers, {
    caption: `${titleOf(numbers.tasks[place])}, rule ${rule}; metric ${headline}, at most ${maxScore}. ${dataName(numbers, id)}. Score: mean of the questions, of 100.`,
    folded: numbers.tasks.length > 1,
    columns: [
      of("tokens", ({ tokens }) => decimal(tokens?.mean)),
      of(headline, ({ value }) => metricValue(value, maxScore)),
      of("relative, %", ({ relative }) => decimal(relative)),
      beside("95 % interval", ({ relativeInterval }) => range(relativeInterval)),
      of("score", ({ score }) => decimal(percentOf(score, 1))),
      of("relative, %", ({ scoreRelative }) => decimal(scoreRelative)),
      beside("difference, points", ({ difference }) => decimal(difference)),
      beside("95 % interval", ({ differenceInterval }) => range(differenceInterval)),
      beside("p", ({ mcnemar }) => pValue(mcnemar)),
    ],
  });
}
