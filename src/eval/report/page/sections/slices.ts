/** @file Scores and answer-region recall by slice, half and kind of question. */
import type { Breakdown, GroupKind } from "../../numbers/breakdown.js";
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import { type Dot, domainOf, dotPanel } from "../charts/dot-intervals.js";
import { seriesStyles } from "../charts/style.js";
import { type Chart, columns, paragraph, type Section, type Table } from "../document.js";
import { decimal, entryName, NONE, provenance } from "../words.js";

/** What the slices of synthetic pictures are made to show. */
const MEANING: Readonly<Record<string, string>> = {
  needle: "needle: something small and faint is asked about, large vivid things are not",
  salient: "salient: the large vivid thing is asked about; choosing by the picture alone should do",
  global: "global: the whole picture is asked about; merging should help, following the question should not",
  multi: "multi: two things are asked about",
};

const TITLES: Readonly<Record<GroupKind, string>> = {
  slice: "slice",
  type: "kind of question",
  half: "half (iid: as in training; held-out: combinations that training never shows)",
};

/** Undefined for tasks without regions. */
export function slicesSection(numbers: ReportNumbers): Section | undefined {
  const { breakdowns } = numbers;
  if (breakdowns.length === 0) return undefined;
  const slices = breakdowns.filter(({ by, task }) => by === "slice" && task === undefined);
  const meanings = slices.flatMap(({ group }) => (group in MEANING ? [MEANING[group]] : []));
  return {
    id: "slices",
    title: "By slice and kind of question",
    parts: [
      paragraph(
        `Synthetic questions come in slices${meanings.length > 0 ? ` (${meanings.join("; ")})` : ""}. Answer-region recall is the share of the patches of what is asked about that stand in rows of their own: it needs no model, and what is merged into others does not count.`,
      ),
      ...chart(numbers, slices),
      ...(["slice", "half", "type"] as const).flatMap((by) => tables(numbers, by)),
    ],
  };
}

function chart(numbers: ReportNumbers, slices: readonly Breakdown[]): Chart[] {
  const styles = seriesStyles(numbers.entries);
  const panels = slices.map(({ group, samples, entries }) => ({
    title: `${group}, ${samples} questions`,
    dots: numbers.entries.flatMap((entry, e): Dot[] => {
      const { score, interval } = entries[e];
      const style = styles.get(entry.series);
      if (style === undefined) return [];
      const scaled = interval && { low: 100 * interval.low, high: 100 * interval.high };
      return [{ name: entryName(entry), value: 100 * score, interval: scaled, ...style }];
    }),
  }));
  if (panels.length === 0) return [];
  const domain = domainOf(
    panels.flatMap(({ dots }) => dots),
    10,
  );
  return [
    {
      kind: "chart",
      caption: `Mean score of the questions of each slice, all tasks, with 95 % intervals over pictures; the dashed line is that of all tokens.`,
      source: provenance(numbers),
      panels: panels.map(({ title, dots }) => ({
        title,
        words: `Score of each entry on the slice ${title}; the table below has the numbers.`,
        spec: dotPanel({ dots, axis: "mean score, of 100", domain, reference: dots[0].value }),
      })),
    },
  ];
}

/** A table over all tasks, and, by slice, one per task. */
function tables(numbers: ReportNumbers, by: GroupKind): Table[] {
  const own = numbers.breakdowns.filter((each) => each.by === by);
  const tasks = by === "slice" && numbers.tasks.length > 1 ? numbers.tasks.map(({ id }) => id) : [];
  return [undefined, ...tasks].flatMap((task) => {
    const groups = own.filter((each) => each.task === task);
    return groups.length === 0 ? [] : [groupTable(numbers, groups, by)];
  });
}

function groupTable(numbers: ReportNumbers, groups: readonly Breakdown[], by: GroupKind): Table {
  const [{ task }] = groups;
  const hasRecall = (group: Breakdown) => group.entries.some(({ recall }) => recall !== undefined);
  const hundred = (share: number | undefined) => (share === undefined ? NONE : decimal(100 * share));
  const isKnown = groups.some(hasRecall);
  return {
    kind: "table",
    caption: `Mean score of 100${isKnown ? ", and answer-region recall in %," : ""} by ${TITLES[by]}, ${task ?? "all tasks"}.`,
    source: provenance(numbers, task),
    columns: columns(
      "method@budget",
      ...groups.flatMap((group) => [
        `${group.group} (n\u00a0${group.samples})`,
        ...(hasRecall(group) ? [`recall, ${group.group}`] : []),
      ]),
    ),
    rows: numbers.entries.map((entry, e) => ({
      role: entry.role,
      cells: [
        entryName(entry),
        ...groups.flatMap((group) => {
          const { score, recall } = group.entries[e];
          return [hundred(score), ...(hasRecall(group) ? [hundred(recall)] : [])];
        }),
      ],
    })),
    ...(task !== undefined && { folded: true }),
  };
}
