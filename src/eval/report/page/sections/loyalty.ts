/** @file How many answers stay what they are, and which way the others turn. */

import { REFERENCE } from "../../numbers/entries.js";
import type { EntryNumbers } from "../../numbers/entry-numbers.js";
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import { flipsChart } from "../charts/flips.js";
import { columns, paragraph, type Section, type Table } from "../document.js";
import { decimal, entryName, provenance } from "../words.js";
import { shareOf } from "./tasks.js";

/** Loyalty over all tasks, and by task. */
export function loyaltySection(numbers: ReportNumbers): Section | undefined {
  const spec = flipsChart(numbers.entries);
  if (spec === undefined) return undefined;
  return {
    id: "loyalty",
    title: "Answers that change",
    parts: [
      paragraph(
        "An answer is unchanged if it equals the one with all tokens after VQA's normalization (case, articles, punctuation). Of several seeds, turns are the mean.",
      ),
      {
        kind: "chart",
        caption: `Answers that turn from right to wrong and from wrong to right, of all questions.`,
        source: provenance(numbers),
        panels: [{ title: "", words: "Turned answers of each entry; the table below has the numbers.", spec }],
      },
      table(numbers),
    ],
  };
}

function table(numbers: ReportNumbers): Table {
  return {
    kind: "table",
    caption: `Answers beside those with all tokens.`,
    source: provenance(numbers),
    columns: columns(
      "method@budget",
      "compared",
      "unchanged",
      "right to wrong",
      "wrong to right",
      ...numbers.tasks.map(({ id }) => `unchanged, ${id}`),
    ),
    rows: numbers.entries
      .filter(({ id }) => id !== REFERENCE)
      .map((entry) => ({
        role: entry.role,
        cells: [
          entryName(entry),
          decimal(
            total(entry, ({ loyalty }) => loyalty.answered),
            0,
          ),
          shareOf(
            total(entry, ({ loyalty }) => loyalty.unchanged),
            total(entry, ({ loyalty }) => loyalty.answered),
          ),
          ...(["rightToWrong", "wrongToRight"] as const).map((turn) =>
            decimal(
              total(entry, ({ flips }) => flips[turn]),
              entry.cells.length > 1 ? 1 : 0,
            ),
          ),
          ...entry.tasks.map(({ loyalty: { answered, unchanged } }) => shareOf(unchanged, answered)),
        ],
      })),
  };
}

function total({ tasks }: EntryNumbers, value: (task: EntryNumbers["tasks"][number]) => number): number {
  return tasks.reduce((sum, task) => sum + value(task), 0);
}
