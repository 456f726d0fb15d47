/**
 * @file Cuts of grids into rectangular cells that cover every token exactly once: `uniform` takes a token from each, `pool`
 * averages each. And smoothing of scores on grids, for `facility`.
 */
import type { TokenGrid } from "../../core/index.js";

/** A rectangle of one grid: rows `top` to `bottom - 1`, columns `left` to `right - 1`; at least one token. */
export interface GridCell {
  readonly grid: TokenGrid;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * Exactly `count` cells, as even and as square as they come. Each grid gets its share by area; each grid is cut into
 * bands of rows, each band into as many cells as makes the total (bands may differ by one).
 *
 * Formulas, with e(i, n, L) = round(i · L / n), halves up, so that neighboring edges differ by floor(L / n) or one more:
 * - grid g gets the cells from e(A_g, N, count) to e(A_g+1, N, count), where A_g is the area of the grids before it;
 * - of R x S tokens and K cells, band b of B spans the rows from e(b, B, R) to e(b + 1, B, R) and holds the cells from
 *   e(b, B, K) to e(b + 1, B, K), whose columns end at e(j, c, S) for its c cells;
 * - B is the number of bands, at least K / S and at most min(R, K), with the smallest Σ area · (height² + width²) over the
 *   cells (12 times the summed squared distance to the cells' centers); of equal ones the fewest bands.
 *
 * With fewer cells than grids some grids get none, evenly spread over the sequence.
 *
 * @param count from 1 to the number of tokens of all grids.
 * @returns cells in raster order of grids, bands and columns.
 */
export function evenCells(grids: readonly TokenGrid[], count: number): GridCell[] {
  const total = grids.reduce((sum, grid) => sum + grid.rows * grid.columns, 0);
  return grids.flatMap((grid) => {
    const { rows, columns, offset } = grid;
    const share = edge(offset + rows * columns, total, count) - edge(offset, total, count);
    return share === 0 ? [] : cellsOfBands(grid, share, bestBands(rows, columns, share));
  });
}

/** Blocks of `size` x `size` tokens from each grid's top left corner; smaller at the right and bottom if it does not divide. */
export function blockCells(grids: readonly TokenGrid[], size: number): GridCell[] {
  const cells: GridCell[] = [];
  for (const grid of grids) {
    for (let top = 0; top < grid.rows; top += size) {
      for (let left = 0; left < grid.columns; left += size) {
        const bottom = Math.min(top + size, grid.rows);
        cells.push({ grid, top, bottom, left, right: Math.min(left + size, grid.columns) });
      }
    }
  }
  return cells;
}

/** Id of the cell's middle token; of an even number of rows or columns, the one before the middle. */
export function cellCenter({ grid, top, bottom, left, right }: GridCell): number {
  return grid.offset + ((top + bottom - 1) >> 1) * grid.columns + ((left + right - 1) >> 1);
}

/** Ids of all tokens of the cell, ascending. */
export function cellTokens({ grid, top, bottom, left, right }: GridCell): number[] {
  const ids: number[] = [];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) ids.push(grid.offset + row * grid.columns + column);
  }
  return ids;
}

/** round(part · length / parts), halves up, in whole numbers. */
function edge(part: number, parts: number, length: number): number {
  return Math.floor((2 * part * length + parts) / (2 * parts));
}

function bestBands(rows: number, columns: number, count: number): number {
  let best = 0;
  let least = Infinity;
  for (let bands = Math.ceil(count / columns); bands <= Math.min(rows, count); bands++) {
    let spread = 0;
    for (let band = 0; band < bands; band++) {
      const height = edge(band + 1, bands, rows) - edge(band, bands, rows);
      const cells = edge(band + 1, bands, count) - edge(band, bands, count);
      const width = Math.floor(columns / cells);
      const wider = columns - cells * width;
      spread += (cells - wider) * height * width * (height ** 2 + width ** 2);
      spread += wider * height * (width + 1) * (height ** 2 + (width + 1) ** 2);
    }
    if (spread < least) {
      least = spread;
      best = bands;
    }
  }
  return best;
}

function cellsOfBands(grid: TokenGrid, count: number, bands: number): GridCell[] {
  const { rows, columns } = grid;
  const cells: GridCell[] = [];
  for (let band = 0; band < bands; band++) {
    const top = edge(band, bands, rows);
    const bottom = edge(band + 1, bands, rows);
    const across = edge(band + 1, bands, count) - edge(band, bands, count);
    for (let j = 0; j < across; j++) {
      cells.push({ grid, top, bottom, left: edge(j, across, columns), right: edge(j + 1, across, columns) });
    }
  }
  return cells;
}

/** Weights of a Gaussian of sigma 1 at distances 0 and 1; the three taps of a line sum to 1. */
const SIDE = Math.exp(-0.5) / (1 + 2 * Math.exp(-0.5));
const MIDDLE = 1 - 2 * SIDE;

/**
 * Scores smoothed with a 3 x 3 Gaussian (sigma 1) on each grid, edges reflected without repeating them; a line of one cell is
 * left as it is. `[N]`.
 */
export function smoothOnGrids(scores: Float64Array, grids: readonly TokenGrid[]): Float64Array {
  const out = scores.slice();
  for (const { rows, columns, offset } of grids) {
    // The kernel is a product of two lines: along the rows, then along the columns.
    for (let r = 0; r < rows; r++) smoothLine(out, offset + r * columns, 1, columns);
    for (let c = 0; c < columns; c++) smoothLine(out, offset + c, columns, rows);
  }
  return out;
}

function smoothLine(values: Float64Array, start: number, step: number, length: number): void {
  if (length === 1) return;
  const line = Float64Array.from({ length }, (_, i) => values[start + i * step]);
  for (let i = 0; i < length; i++) {
    const before = line[i === 0 ? 1 : i - 1];
    const after = line[i === length - 1 ? length - 2 : i + 1];
    values[start + i * step] = MIDDLE * line[i] + SIDE * (before + after);
  }
}
