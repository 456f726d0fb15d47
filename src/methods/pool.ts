import { type MethodOptions, orderRows, refusalFor, shape, type TokenGrid } from "../core/index.js";
import { defineMethod } from "./define-method.js";
import { blockCells, cellCenter, cellTokens, evenCells } from "./shared/grid-cells.js";
import { meanRow } from "./shared/plan-rows.js";

/** Give `budget` or `size`, not both: each of them fixes the number of rows. */
export interface PoolOptions extends MethodOptions {
  /** Side of a block in tokens, a whole number of at least 1; default 2. */
  readonly size?: number;
}

/**
 * Averages each cell of the grid into one row. Without a budget the cells are blocks of `size` x `size` tokens, smaller at
 * the right and bottom edge of a grid that `size` does not divide.
 *
 * Deviation from plain pooling: a budget of K rows is met exactly, with K cells of `evenCells`, so that pooling can be
 * compared with other methods at equal K. Weights are 1 / (tokens of the cell); a row stands at its cell's middle token,
 * which is the token that `uniform` keeps at the same K. A cell of one token is that token, role `visual`.
 */
export const pool = defineMethod<PoolOptions, "grid">({
  id: "pool",
  summary: "averages of neighboring tokens on the grid, 2 x 2 unless a budget is given",
  reference: "no paper: average pooling, as LLaVA-NeXT-Video and others shrink frames",
  needs: ["grid"],
  mass: "entries",
  options: {
    size: shape.described(
      shape.integer(1),
      "side of a block in tokens; goes without a budget, since each fixes the number of rows; default: 2, with a budget none",
    ),
  },
  check({ budget, size }) {
    if (budget !== undefined && size !== undefined) throw refusalFor("pool")("budget or size, not both", "both");
  },
  budgetOf: ({ budget, size = 2 }, { grids }) => budget ?? { retain: blockCount(grids, size) },
  choose({ table, retain }, { budget, size = 2 }) {
    const cells = budget === undefined ? blockCells(table.grids, size) : evenCells(table.grids, retain);
    const rows = cells.map((cell) => meanRow(cellCenter(cell), cellTokens(cell)));
    return orderRows(rows, table.count, "grid");
  },
});

/** Without the cells themselves: of a large grid there may be many. */
function blockCount(grids: readonly TokenGrid[], size: number): number {
  return grids.reduce((sum, { rows, columns }) => sum + Math.ceil(rows / size) * Math.ceil(columns / size), 0);
}
