/** @file How many tokens a method keeps of one picture and another. */
import type { TopLevelSpec } from "vega-lite";
import { decimal } from "../format.js";
import { INK, marks, nominal, quantitative } from "./style.js";

/** Pixels of the plot: it fits a phone. */
const WIDTH = 290;
const HEIGHT = 150;

/** @param counts of all questions. @param mean as in the tables. */
export function tokenCountsChart(counts: readonly number[], mean: number, color: string): TopLevelSpec {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const width = binWidth(most - least);
  const start = width * Math.floor(least / width);
  const bins = new Map<number, number>();
  for (const count of counts) {
    const bin = start + width * Math.floor((count - start) / width);
    bins.set(bin, (bins.get(bin) ?? 0) + 1);
  }
  const rows = [...bins].sort(([a], [b]) => a - b).map(([from, questions]) => ({ from, to: from + width, questions }));
  const x = quantitative("mean", { scale: { zero: false, nice: false }, axis: { grid: false, tickCount: 6 } });
  const middle = [{ mean, label: `mean ${decimal(mean)}` }];
  return {
    width: WIDTH,
    height: HEIGHT,
    layer: [
      marks(
        rows,
        { type: "rect", fill: color, stroke: "#ffffff" },
        {
          x: { ...x, field: "from", title: "visual tokens kept" },
          x2: { field: "to" },
          y: quantitative("questions", { title: "questions", axis: { tickCount: 4 } }),
          y2: { datum: 0 },
        },
      ),
      marks(middle, { type: "rule", color: INK.text, strokeDash: [4, 3] }, { x }),
      marks(
        middle,
        { type: "text", align: "left", dx: 5, dy: 2, baseline: "top" },
        { x, y: { value: 0 }, text: nominal("label") },
      ),
    ],
  };
}

/** A round width that gives about twenty bars; at least 1, since counts are whole. */
function binWidth(span: number): number {
  const raw = Math.max(1, span / 20);
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((each) => each * power >= raw) ?? 10;
  return factor * power;
}
