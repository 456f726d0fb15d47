/** @file How many tokens a method keeps of one picture and another. */
import type { TopLevelSpec } from "vega-lite";
import { decimal } from "../format.js";
import { INK, marks, nominal, quantitative } from "./style.js";

/** Pixels of the plot: it fits a phone. */
const WIDTH = 290;
const HEIGHT = 150;

/** @param counts of all questions, ascending. @param mean as in the tables. */
export function tokenCountsChart(counts: readonly number[], mean: number, color: string): TopLevelSpec {
  const rows = counts.map((count) => ({ count }));
  // Counts are whole: bins are at least 1 wide, and the greatest count is in one that begins at or below it.
  const bin = { maxbins: 20, minstep: 1, extent: [counts[0], counts[counts.length - 1] + 1] };
  const axis = { grid: false, tickCount: 6 };
  const middle = [{ mean, label: `mean ${decimal(mean)}` }];
  const x = quantitative("mean");
  return {
    width: WIDTH,
    height: HEIGHT,
    layer: [
      marks(
        rows,
        { type: "bar", color, binSpacing: 1 },
        {
          x: quantitative("count", { bin, axis, title: "visual tokens kept" }),
          y: { aggregate: "count", title: "questions", axis: { tickCount: 4 } },
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
