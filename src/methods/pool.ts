import {
  type CompressionMethod,
  type MethodOptions,
  orderRows,
  ownRow,
  type PlanRow,
  refusalFor,
  shape,
  type TokenGrid,
  type TokenTable,
} from "../core/index.js";
import { defineMethod } from "./define-method.js";
import { blockCells, cellCenter, cellTokens, evenCells, type GridCell } from "./shared/grid-cells.js";

/** Give `budget` or `size`, not both: each of them fixes the number of rows. */
export interface PoolOptions extends MethodOptions {
  /** Side of a block in tokens, a whole number of at least 1; default 2. */
  readonly size?: number;
}

const SIZE = shape.integer(1);
const refuse = refusalFor("pool");

const averageCells = defineMethod<PoolOptions, "grid">({
  id: "pool",
  summary: "averages of neighboring tokens on the grid, 2 x 2 unless a budget is given",
  reference: "no paper: average pooling, as LLaVA-NeXT-Video and others shrink frames",
  needs: ["grid"],
  options: { size: SIZE },
  choose: ({ table, retain }, { size }) => {
    const cells = size === undefined ? evenCells(table.grids, retain) : blockCells(table.grids, size);
    return orderRows(cells.map(averageRow), table.count, "grid");
  },
});

/**
 * Averages each cell of the grid into one row. Without a budget the cells are blocks of `size` x `size` tokens, smaller at
 * the right and bottom edge of a grid that `size` does not divide.
 *
 * Deviation from plain pooling: a budget of K rows is met exactly, with K cells of `evenCells`, so that pooling can be
 * compared with other methods at equal K. Weights are 1 / (tokens of the cell); a row stands at its cell's middle token,
 * which is the token that `uniform` keeps at the same K. A cell of one token is that token, role `visual`.
 */
export const pool: CompressionMethod<PoolOptions> = {
  ...averageCells,
  plan: (table, options = {}, context) => {
    const { budget, size = 2 } = Object(options) as PoolOptions;
    if (budget !== undefined && options.size !== undefined) throw refuse("budget or size, not both", "both");
    const { grids } = Object(table) as TokenTable;
    const sized = shape.isRecord(options) && budget === undefined && shape.fits(size, SIZE);
    if (!sized || grids === undefined) return averageCells.plan(table, options, context);
    return averageCells.plan(table, { ...options, size, budget: { retain: blockCount(grids, size) } }, context);
  },
};

function blockCount(grids: readonly TokenGrid[], size: number): number {
  return grids.reduce((sum, { rows, columns }) => sum + Math.ceil(rows / size) * Math.ceil(columns / size), 0);
}

function averageRow(cell: GridCell): PlanRow {
  const sources = cellTokens(cell);
  if (sources.length === 1) return ownRow("visual", sources[0]);
  return { role: "merged", anchor: cellCenter(cell), sources, weights: sources.map(() => 1 / sources.length) };
}
