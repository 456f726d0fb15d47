/** @file Time to the first token by stage, as stacked bars. */
import type { TopLevelSpec } from "vega-lite";
import { ROLE_COLORS } from "../../../../viz/index.js";
import type { SettingCosts } from "../../numbers/setting-costs.js";
import type { SettingNumbers } from "../../numbers/setting-numbers.js";
import { decimal, settingName } from "../format.js";
import { CONFIG, INK, LETTERS, LINES, NAMES, nominal, quantitative } from "./style.js";

/** Stages that are shown as one; the table has each of them. */
const GROUPS: readonly { name: string; color: string; stages: readonly (keyof SettingCosts["stages"])[] }[] = [
  { name: "read the picture", color: "#c9ced8", stages: ["decodeImage", "preprocess"] },
  { name: "vision tower", color: ROLE_COLORS.residual, stages: ["vision"] },
  { name: "choose tokens", color: ROLE_COLORS.text, stages: ["text", "signals", "select"] },
  { name: "project, splice", color: ROLE_COLORS.merged, stages: ["project", "splice"] },
  { name: "prefill", color: ROLE_COLORS.visual, stages: ["prefill"] },
];

/** Undefined where nothing was timed. */
export function firstTokenChart(settings: readonly SettingNumbers[]): TopLevelSpec | undefined {
  const timed = settings.filter(({ costs }) => costs !== undefined);
  if (timed.length === 0) return undefined;
  const rows = timed.flatMap((setting) =>
    GROUPS.map(({ name: stage, stages }, place) => ({
      name: settingName(setting),
      stage,
      place,
      ms: stages.reduce((sum, each) => sum + (setting.costs?.stages[each] ?? 0), 0),
    })),
  );
  const totals = timed.map((setting) => {
    const name = settingName(setting);
    const end = rows.filter((row) => row.name === name).reduce((sum, { ms }) => sum + ms, 0);
    return { name, end, label: decimal(setting.costs?.firstToken, 0) };
  });
  const most = Math.max(...totals.map(({ end }) => end));
  const scale = { domain: [0, most * 1.15], nice: false };
  return {
    ...LINES,
    config: CONFIG,
    layer: [
      {
        data: { values: rows },
        mark: { type: "bar", height: 12 },
        encoding: {
          y: NAMES,
          x: {
            ...quantitative("ms", { scale, axis: { grid: false, tickCount: 5 } }),
            stack: "zero",
            title: "milliseconds",
          },
          order: quantitative("place"),
          color: {
            ...nominal("stage"),
            scale: { domain: GROUPS.map(({ name }) => name), range: GROUPS.map(({ color }) => color) },
            legend: { orient: "top", columns: 2, title: null, symbolType: "square" },
          },
        },
      },
      {
        data: { values: totals },
        mark: { type: "text", align: "left", dx: 3, fontSize: LETTERS - 1, color: INK.muted },
        encoding: { y: NAMES, x: quantitative("end", { scale }), text: nominal("label") },
      },
    ],
  };
}
