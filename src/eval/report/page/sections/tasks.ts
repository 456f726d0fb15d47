/** @file Each task by itself: relative scores with intervals, and tests against all tokens. */
import { REFERENCE } from "../../numbers/entries.js";
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import { type Dot, domainOf, dotPanel } from "../charts/dot-intervals.js";
import { seriesStyles } from "../charts/style.js";
import { type Chart, columns, paragraph, type Section, type Table } from "../document.js";
import { decimal, entryName, percent, provenance, pValue, range } from "../words.js";

/** One table per task, and panels side by side. */
export function tasksSection(numbers: ReportNumbers): Section {
  const tests = numbers.entries.flatMap(({ tasks }) => tasks.filter(({ mcnemar }) => mcnemar !== undefined)).length;
  return {
    id: "tasks",
    title: "By task",
    parts: [
      paragraph(
        `Relative scores are of the official metric. Intervals, differences and tests are of the questions' own scores (0 to 1), since the metrics of some tasks (F1, MME's sums) are no means of them. Intervals: bootstrap over pictures. p: exact McNemar test on right and wrong (a score of 0.5 or more is right), which takes questions as independent; the ${tests} tests on this page are not corrected for their number.`,
      ),
      ...chart(numbers),
      ...numbers.tasks.map((_, place) => taskTable(numbers, place)),
    ],
  };
}

function chart(numbers: ReportNumbers): Chart[] {
  const { entries, tasks } = numbers;
  const styles = seriesStyles(entries);
  const panels = tasks.map(({ id, alias }, place) => ({
    title: alias === id ? id : `${alias} (${id})`,
    dots: entries.flatMap((entry): Dot[] => {
      const { relative, scoreRelativeInterval } = entry.tasks[place];
      const style = styles.get(entry.series);
      if (relative === undefined || style === undefined || entry.id === REFERENCE) return [];
      return [{ name: entryName(entry), value: relative, interval: scoreRelativeInterval, ...style }];
    }),
  }));
  const shown = panels.filter(({ dots }) => dots.length > 0);
  if (shown.length === 0) return [];
  const domain = domainOf(
    shown.flatMap(({ dots }) => dots),
    5,
    [100],
  );
  return [
    {
      kind: "chart",
      caption: `Relative score by task; the dashed line is that of all tokens. Bars are 95 % intervals of the questions' scores.`,
      source: provenance(numbers),
      panels: shown.map(({ title, dots }) => ({
        title,
        words: `Relative score of each entry on ${title}; the tables below have the numbers.`,
        spec: dotPanel({ dots, axis: "score, % of all tokens", domain, reference: 100 }),
      })),
    },
  ];
}

function taskTable(numbers: ReportNumbers, place: number): Table {
  const { id, alias, rule, headline, best } = numbers.tasks[place];
  return {
    kind: "table",
    caption: `${alias === id ? id : `${alias} (${id})`}, rule ${rule}; metric ${headline}, at most ${best}. Score: mean of the questions, of 100.`,
    source: provenance(numbers, id),
    columns: columns(
      "method@budget",
      "tokens",
      headline,
      "relative, %",
      "score",
      "relative, %",
      "95 % interval",
      "difference, points",
      "95 % interval",
      "p",
    ),
    rows: numbers.entries.map((entry) => {
      const task = entry.tasks[place];
      const isReference = entry.id === REFERENCE;
      return {
        role: entry.role,
        cells: [
          entryName(entry),
          decimal(task.tokens?.mean),
          decimal(task.value, best === 1 ? 3 : 1),
          decimal(task.relative),
          decimal(100 * task.score),
          decimal(task.scoreRelative),
          isReference ? "" : range(task.scoreRelativeInterval),
          isReference ? "" : decimal(task.difference),
          isReference ? "" : range(task.differenceInterval),
          isReference ? "" : pValue(task.mcnemar),
        ],
      };
    }),
  };
}

/** Share of all answers, percent. */
export function shareOf(part: number, all: number): string {
  return all === 0 ? percent(undefined) : percent((100 * part) / all);
}
