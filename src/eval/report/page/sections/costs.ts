/** @file Measured times by stage and bytes of keys and values; computed operations. */

import type { ReportNumbers } from "../../numbers/report-numbers.js";
import type { SettingCosts } from "../../numbers/setting-costs.js";
import { percentOf } from "../../numbers/setting-numbers.js";
import { firstTokenChart } from "../charts/first-token.js";
import { paragraph, type Section, type Table } from "../document.js";
import { decimal, operations, percent } from "../format.js";
import { runChart, settingTable } from "./setting-table.js";

/** Stages up to the first token, with their headings. */
const STAGES: readonly (readonly [keyof SettingCosts["stages"], string])[] = [
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
  const spec = firstTokenChart(numbers.settings);
  if (spec === undefined) return undefined;
  const hasFlops = numbers.settings.some(({ costs }) => costs?.flops !== undefined);
  return {
    id: "costs",
    title: "Time and memory, measured",
    parts: [
      paragraph(
        "Times are as if each question were asked alone: the picture's pass through the tower and the question's vector are made once for all methods, and counted in each. Medians, each of its own, so that stages need not add up to the whole. One question at a time.",
      ),
      ...runChart(numbers, "Time to the first token by stage; the number is the median of the whole.", [
        { title: "", words: "Time to the first token by stage; the table below has the numbers.", spec },
      ]),
      timeTable(numbers),
      memoryTable(numbers),
      ...(hasFlops
        ? []
        : [paragraph("Operations of the prefill are not given: the run does not say the language model's sizes.")]),
    ],
  };
}

function timeTable(numbers: ReportNumbers): Table {
  return settingTable(numbers, {
    caption: "Milliseconds, medians.",
    columns: ["first token", ...STAGES.map(([, title]) => title), "whole answer"],
    cells: ({ costs }) => [
      decimal(costs?.firstToken),
      ...STAGES.map(([stage]) => decimal(costs?.stages[stage])),
      decimal(costs?.total),
    ],
  });
}

function memoryTable(numbers: ReportNumbers): Table {
  const kilobytes = (bytes: number | undefined) => decimal(bytes === undefined ? undefined : bytes / 1024, 0);
  return settingTable(numbers, {
    caption:
      "Keys and values of the language model in KiB, mean per question; operations of the prefill of this model, computed per question and averaged: fastv counts multiply-adds and two feed-forward matrices (arXiv 2403.06764), gated three, as the model has. The vision tower is in neither.",
    columns: ["prompt tokens", "KV, all tokens", "KV, kept", "KV share", "ops, fastv", "ops, gated"],
    cells: ({ costs }) => [
      decimal(costs?.promptTokens),
      kilobytes(costs?.kvBytes.full),
      kilobytes(costs?.kvBytes.kept),
      percent(percentOf(costs?.kvBytes.kept, costs?.kvBytes.full)),
      operations(costs?.flops?.fastv),
      operations(costs?.flops?.gated),
    ],
  });
}
