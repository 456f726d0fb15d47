import type { TokenGrid } from "../../core/index.js";

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
