/** @file Bars of several parts, a line per setting, with numbers at their ends. */
import type { TopLevelSpec } from "vega-lite";
import { INK, LETTERS, LINES, marks, NAMES, nominal, quantitative } from "./style.js";

/** Bars, the parts that they are stacked of, and the title of their axis. */
export interface BarChart {
  /** Names and colors of the parts, from 0 outwards. */
  readonly parts: readonly { readonly name: string; readonly color: string }[];
  readonly bars: readonly Bar[];
  readonly title: string;
}

/** One setting's bar. */
export interface Bar {
  readonly name: string;
  /** One per part; negative ones lie left of 0. */
  readonly values: readonly number[];
  /** Texts at its ends. */
  readonly right: string;
  readonly left?: string;
}

/** Bars from 0 to the right, and to the left where there are texts for it. */
export function barChart({ parts, bars, title }: BarChart): TopLevelSpec {
  const rows = bars.flatMap(({ name, values }) =>
    values.map((value, place) => ({ name, value, place, part: parts[place].name })),
  );
  const reach = (side: -1 | 1, { values }: Bar) => values.reduce((sum, value) => sum + Math.max(0, side * value), 0);
  const isTwoSided = bars.some(({ left }) => left !== undefined);
  const [left, right] = ([-1, 1] as const).map((side) => Math.max(1, ...bars.map((bar) => reach(side, bar))));
  // Room for the numbers beside the bars.
  const room = 0.18 * (isTwoSided ? left + right : right);
  const scale = { domain: [isTwoSided ? -left - room : 0, right + room], nice: false };
  const axis = { labelExpr: "abs(datum.value)", grid: false, tickCount: 5 };
  const numbers = (side: -1 | 1, text: "left" | "right") =>
    marks(
      bars.map((bar) => ({ ...bar, end: side * reach(side, bar) })),
      { type: "text", align: side < 0 ? "right" : "left", dx: 3 * side, fontSize: LETTERS - 1, color: INK.muted },
      { y: NAMES, x: quantitative("end", { scale }), text: nominal(text) },
    );
  const color = {
    ...nominal("part"),
    scale: { domain: parts.map(({ name }) => name), range: parts.map((part) => part.color) },
    legend: { orient: "top" as const, columns: 2, symbolType: "square" },
  };
  const x = { ...quantitative("value", { scale, title, axis }), stack: "zero" as const };
  return {
    ...LINES,
    layer: [
      marks(rows, { type: "bar", height: 12 }, { y: NAMES, x, order: quantitative("place"), color }),
      ...(isTwoSided ? [numbers(-1, "left")] : []),
      numbers(1, "right"),
    ],
  };
}
