/** @file What was measured: times by stage, bytes of keys and values; and operations, which are computed. */
import type { EntryCosts } from "../../numbers/entry-costs.js";
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import { firstTokenChart } from "../charts/first-token.js";
import { columns, paragraph, type Section, type Table } from "../document.js";
import { decimal, entryName, operations, percent, provenance } from "../words.js";

/** Stages up to the first token, with their headings. */
const STAGES: readonly (readonly [keyof EntryCosts["stages"], string])[] = [
  ["decodeImage", "decode"],
  ["preprocess", "preprocess"],
  ["vision", "vision"],
  ["text", "text"],
  ["signals", "signals"],
  ["select", "select"],
  ["project", "project"],
  ["splice", "splice"],
  ["prefill", "prefill"],
];

/** Undefined where no question with a picture was answered. */
export function costsSection(numbers: ReportNumbers): Section | undefined {
  const spec = firstTokenChart(numbers.entries);
  if (spec === undefined) return undefined;
  const hasFlops = numbers.entries.some(({ costs }) => costs?.flops !== undefined);
  return {
    id: "costs",
    title: "Time and memory, measured",
    parts: [
      paragraph(
        "Times are as if each question were asked alone: the picture's pass through the tower and the question's vector are made once for all methods, and counted in each. Medians, each of its own, so that stages need not add up to the whole. One question at a time.",
      ),
      {
        kind: "chart",
        caption: `Time to the first token by stage; the number is the median of the whole.`,
        source: provenance(numbers),
        panels: [{ title: "", words: "Time to the first token by stage; the table below has the numbers.", spec }],
      },
      timeTable(numbers),
      memoryTable(numbers),
      ...(hasFlops
        ? []
        : [paragraph("Operations of the prefill are not given: the run does not say the language model's sizes.")]),
    ],
  };
}

function timeTable(numbers: ReportNumbers): Table {
  return {
    kind: "table",
    caption: `Milliseconds, medians.`,
    source: provenance(numbers),
    columns: columns("method@budget", "first token", ...STAGES.map(([, title]) => title), "whole answer"),
    rows: numbers.entries.map((entry) => {
      const { costs, role } = entry;
      return {
        role,
        cells: [
          entryName(entry),
          decimal(costs?.firstToken),
          ...STAGES.map(([stage]) => decimal(costs?.stages[stage])),
          decimal(costs?.total),
        ],
      };
    }),
  };
}

function memoryTable(numbers: ReportNumbers): Table {
  const kilobytes = (bytes: number | undefined) => decimal(bytes === undefined ? undefined : bytes / 1024, 0);
  return {
    kind: "table",
    caption: `Keys and values of the language model in KiB, mean per question; operations of the prefill of this model, computed per question and averaged: fastv counts multiply-adds and two feed-forward matrices (arXiv 2403.06764), gated three, as the model has. The vision tower is in neither.`,
    source: provenance(numbers),
    columns: columns(
      "method@budget",
      "prompt tokens",
      "KV, all tokens",
      "KV, kept",
      "KV share",
      "ops, fastv",
      "ops, gated",
    ),
    rows: numbers.entries.map((entry) => {
      const { costs, role } = entry;
      const { full, kept } = costs?.kvBytes ?? {};
      return {
        role,
        cells: [
          entryName(entry),
          decimal(costs?.promptTokens),
          kilobytes(full),
          kilobytes(kept),
          full === undefined || kept === undefined || full === 0 ? percent(undefined) : percent((100 * kept) / full),
          operations(costs?.flops?.fastv),
          operations(costs?.flops?.gated),
        ],
      };
    }),
  };
}
