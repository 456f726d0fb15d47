/** @file Answers that turned wrong or right, as bars to both sides. */
import type { TopLevelSpec } from "vega-lite";
import { ROLE_COLORS } from "../../../../viz/index.js";
import { REFERENCE } from "../../../run/settings.js";
import type { SettingNumbers } from "../../numbers/setting-numbers.js";
import { besideFull, decimal, settingName } from "../format.js";
import { CONFIG, INK, LETTERS, LINES, NAMES, nominal, quantitative } from "./style.js";

/** Undefined where there is nothing to compare. */
export function flipsChart(settings: readonly SettingNumbers[]): TopLevelSpec | undefined {
  const rows = settings
    .filter(({ id }) => id !== REFERENCE)
    .flatMap((setting) => {
      const { rightToWrong, wrongToRight, samples } = besideFull(setting);
      const [worse, better] = [(100 * rightToWrong) / samples, (100 * wrongToRight) / samples];
      const name = settingName(setting);
      return [
        { name, kind: WORSE, value: -worse, label: decimal(worse) },
        { name, kind: BETTER, value: better, label: decimal(better) },
      ];
    });
  if (rows.length === 0) return undefined;
  // Room for the numbers beside the bars.
  const least = Math.min(...rows.map(({ value }) => value), -1);
  const most = Math.max(...rows.map(({ value }) => value), 1);
  const room = 0.18 * (most - least);
  const x = quantitative("value", {
    scale: { domain: [least - room, most + room], nice: false },
    title: "% of the questions",
    axis: { labelExpr: "abs(datum.value)", grid: false, tickCount: 5 },
  });
  const text = (align: "left" | "right", kind: string) => ({
    transform: [{ filter: { field: "kind", equal: kind } }],
    mark: { type: "text" as const, align, dx: align === "left" ? 3 : -3, fontSize: LETTERS - 1, color: INK.muted },
    encoding: { x, y: NAMES, text: nominal("label") },
  });
  return {
    ...LINES,
    config: CONFIG,
    data: { values: rows },
    layer: [
      {
        mark: { type: "bar", height: 12 },
        encoding: {
          x,
          y: NAMES,
          color: {
            ...nominal("kind"),
            scale: { domain: [WORSE, BETTER], range: [ROLE_COLORS.text, ROLE_COLORS.visual] },
            legend: { orient: "top", title: null, symbolType: "square" },
          },
        },
      },
      text("right", WORSE),
      text("left", BETTER),
    ],
  };
}

const WORSE = "right to wrong";
const BETTER = "wrong to right";
