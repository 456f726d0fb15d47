/** @file Measured times by stage and bytes of keys and values; computed operations. */
import { ROLE_COLORS } from "../../../../viz/index.js";
import { STAGES, type Stage } from "../../../../vlm/index.js";
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import { percentOf, type SettingNumbers } from "../../numbers/setting-numbers.js";
import { type Bar, barChart } from "../charts/bars.js";
import { INK } from "../charts/style.js";
import { foldedSection, type Section, type Table } from "../document.js";
import { decimal, operations, percent, settingName } from "../format.js";
import { runChart, type SettingColumn, settingTable } from "./setting-table.js";

/** Stages that are drawn as one; the table has each of them. */
const STAGE_GROUPS: readonly { name: string; color: string; stages: readonly Stage[] }[] = [
  { name: "read the picture", color: INK.idle, stages: ["decodeImage", "preprocess"] },
  { name: "vision tower", color: ROLE_COLORS.residual, stages: ["vision"] },
  { name: "choose tokens", color: ROLE_COLORS.text, stages: ["text", "signals", "select"] },
  { name: "project, splice", color: ROLE_COLORS.merged, stages: ["project", "splice"] },
  { name: "prefill", color: ROLE_COLORS.visual, stages: ["prefill"] },
];

/** Undefined where no question with a picture was answered. */
export function costsSection(numbers: ReportNumbers): Section | undefined {
  const bars = numbers.settings.flatMap(firstTokenBar);
  if (bars.length === 0) return undefined;
  const spec = barChart({ parts: STAGE_GROUPS, bars, title: "milliseconds" });
  const hasFlops = numbers.settings.some(({ costs }) => costs?.flops !== undefined);
  return foldedSection("costs", "Time and memory, measured", [
    "Times are as if each question were asked alone: the picture's pass through the tower and the question's vector are made once for all methods, and counted in each. Medians, each of its own, so that stages need not add up to the whole. One question at a time. Where all tokens stay nothing is chosen: signals and select are then the list of the tokens being made.",
    runChart("Time to the first token by stage; the number is the median of the whole.", [
      { words: "Time to the first token by stage; the table below has the numbers.", spec },
    ]),
    timeTable(numbers),
    memoryTable(numbers),
    hasFlops ? undefined : "Operations of the prefill are not given: the run does not say the language model's sizes.",
  ]);
}

function firstTokenBar(setting: SettingNumbers): Bar[] {
  const { costs } = setting;
  if (costs === undefined) return [];
  const values = STAGE_GROUPS.map(({ stages }) => stages.reduce((sum, stage) => sum + costs.stages[stage], 0));
  return [{ name: settingName(setting), values, right: decimal(costs.firstToken, 0) }];
}

function timeTable(numbers: ReportNumbers): Table {
  const stages = STAGES.filter((stage) => stage !== "decode");
  return settingTable(numbers, {
    caption: "Milliseconds, medians.",
    columns: [
      ["first token", ({ costs }) => decimal(costs?.firstToken)],
      ...stages.map(
        (stage): SettingColumn => [
          stage === "decodeImage" ? "decode" : stage,
          ({ costs }) => decimal(costs?.stages[stage]),
        ],
      ),
      ["whole answer", ({ costs }) => decimal(costs?.total)],
    ],
  });
}

function memoryTable(numbers: ReportNumbers): Table {
  const kilobytes = (bytes = Number.NaN) => decimal(bytes / 1024, 0);
  return settingTable(numbers, {
    caption:
      "Keys and values of the language model in KiB, mean per question; operations of the prefill of this model, computed per question and averaged: fastv counts multiply-adds and two feed-forward matrices (arXiv 2403.06764), gated three, as the model has. The vision tower is in neither.",
    columns: [
      ["prompt tokens", ({ costs }) => decimal(costs?.promptTokens)],
      ["KV, all tokens", ({ costs }) => kilobytes(costs?.kvBytes.full)],
      ["KV, kept", ({ costs }) => kilobytes(costs?.kvBytes.kept)],
      ["KV share", ({ costs }) => percent(percentOf(costs?.kvBytes.kept, costs?.kvBytes.full))],
      ["ops, fastv", ({ costs }) => ({ text: operations(costs?.flops?.fastv), value: costs?.flops?.fastv })],
      ["ops, gated", ({ costs }) => ({ text: operations(costs?.flops?.gated), value: costs?.flops?.gated })],
    ],
  });
}
