import { defineMethod } from "./define-method.js";
import { cellCenter, evenCells } from "./shared/grid-cells.js";
import { keepTokens } from "./shared/plan-rows.js";

/**
 * Keeps K tokens spread evenly over the image: the middle tokens of K cells that cut the grid into rows of nearly square
 * cells (`evenCells` states the formula). Looks at positions alone, never at a value.
 *
 * Not every N/K-th id of the raster, which makes stripes. Several grids share the budget by area.
 */
export const uniform = defineMethod({
  id: "uniform",
  summary: "K tokens spread evenly over the grid",
  reference: "no paper: the usual evenly spaced baseline",
  needs: ["grid"],
  mass: "count",
  choose: ({ table, retain }) => keepTokens(evenCells(table.grids, retain).map(cellCenter), table.count),
});
