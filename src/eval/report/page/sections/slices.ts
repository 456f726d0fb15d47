/** @file Scores and answer-region recall by slice, split and kind of question. */
import type { Breakdown, PartKind } from "../../numbers/breakdown.js";
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import { percentOf } from "../../numbers/setting-numbers.js";
import { dotPanels } from "../charts/dot-intervals.js";
import { type Chart, foldedSection, type Section, type Table } from "../document.js";
import { counted, decimal, hundredfold } from "../format.js";
import { runChart, type SettingColumn, settingTable } from "./setting-table.js";

/** Purpose of each slice of synthetic pictures. */
const MEANING: Readonly<Record<string, string>> = {
  needle: "needle: something small and faint is asked about, large vivid things are not",
  salient: "salient: the large vivid thing is asked about; choosing by the picture alone should do",
  global: "global: the whole picture is asked about; merging should help, following the question should not",
  multi: "multi: two things are asked about",
};

const TITLES: Readonly<Record<PartKind, string>> = {
  slice: "slice",
  type: "kind of question",
  split: "split (iid: as in training; held-out: combinations that training never shows)",
};

/** Undefined for tasks without regions. */
export function slicesSection(numbers: ReportNumbers): Section | undefined {
  const { breakdowns } = numbers;
  if (breakdowns.length === 0) return undefined;
  const slices = breakdowns.filter(({ by, task }) => by === "slice" && task === undefined);
  const meanings = slices.flatMap(({ part }) => (Object.hasOwn(MEANING, part) ? [MEANING[part]] : []));
  return foldedSection("slices", "By slice and kind of question", [
    `Synthetic questions come in slices${meanings.length > 0 ? ` (${meanings.join("; ")})` : ""}. Answer-region recall is the share of the patches of what is asked about that stand in rows of their own: it needs no model, and what is merged into others does not count.`,
    chart(numbers, slices),
    ...(["slice", "split", "type"] as const).flatMap((by) => tables(numbers, by)),
  ]);
}

function chart(numbers: ReportNumbers, slices: readonly Breakdown[]): Chart | undefined {
  const charts = slices.map(({ part, samples, settings }) => ({
    title: `${part}, ${counted(samples, "question")}`,
    words: `Score of each setting on the slice ${part}, ${counted(samples, "question")}; the table below has the numbers.`,
    dots: settings.map(({ score, interval }) => ({
      value: 100 * score,
      interval: hundredfold(interval),
    })),
  }));
  return runChart(
    "Mean score of the questions of each slice, all tasks, with 95 % intervals over pictures; the dashed line is that of all tokens.",
    dotPanels(numbers.settings, charts, { axis: "mean score, of 100", step: 10 }),
  );
}

/** A table over all tasks, and, by slice, one per task. */
function tables(numbers: ReportNumbers, by: PartKind): Table[] {
  const own = numbers.breakdowns.filter((each) => each.by === by);
  const tasks = by === "slice" && numbers.tasks.length > 1 ? numbers.tasks.map(({ id }) => id) : [];
  return [undefined, ...tasks].flatMap((task) => {
    const parts = own.filter((each) => each.task === task);
    return parts.length === 0 ? [] : [partTable(numbers, parts, by)];
  });
}

function partTable(numbers: ReportNumbers, parts: readonly Breakdown[], by: PartKind): Table {
  const [{ task }] = parts;
  const hasRecall = ({ settings }: Breakdown) => settings.some(({ recall }) => recall !== undefined);
  const column = (title: string, settings: Breakdown["settings"], which: "score" | "recall"): SettingColumn => [
    title,
    (_, place) => decimal(percentOf(settings[place][which], 1)),
  ];
  return settingTable(numbers, {
    caption: `Mean score of 100${parts.some(hasRecall) ? ", and answer-region recall in %," : ""} by ${TITLES[by]}, ${task ?? "all tasks"}.`,
    columns: parts.flatMap((own) => [
      column(`${own.part} (n\u00a0${own.samples})`, own.settings, "score"),
      ...(hasRecall(own) ? [column(`recall, ${own.part}`, own.settings, "recall")] : []),
    ]),
    folded: task !== undefined || by !== "slice",
  });
}
