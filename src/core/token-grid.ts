import { InvalidInputError } from "./errors.js";

/**
 * Where a run of source tokens lies in a picture: `rows x columns` patches in raster order, the first of them with source
 * id `offset`. A table of several pictures, tiles or video frames has one grid each.
 */
export interface TokenGrid {
  readonly rows: number;
  readonly columns: number;
  /** Id of the grid's first source token. */
  readonly offset: number;
  /** Side of a patch in pixels of the preprocessed picture (14 for CLIP-L/14-336), if known. */
  readonly patchSize?: number;
}

/** One square grid over `count` tokens. Throws when `count` is no square number. */
export function squareGrid(count: number, { patchSize }: { patchSize?: number } = {}): TokenGrid {
  const side = Math.round(Math.sqrt(count));
  if (side * side !== count || count < 1) {
    throw new InvalidInputError({ operation: "squareGrid", expected: "a square number of tokens", got: String(count) });
  }
  return { rows: side, columns: side, offset: 0, patchSize };
}

/** Throws unless the grids cover the ids `0 … sourceCount - 1` exactly once, in ascending order of `offset`. */
export function assertGrids(operation: string, grids: readonly TokenGrid[], sourceCount: number): void {
  let next = 0;
  for (const { rows, columns, offset } of grids) {
    if (!Number.isInteger(rows) || !Number.isInteger(columns) || rows < 1 || columns < 1) {
      throw new InvalidInputError({
        operation,
        expected: "a grid of at least 1 row and 1 column",
        got: `${rows} x ${columns}`,
      });
    }
    if (offset !== next) {
      throw new InvalidInputError({
        operation,
        expected: `grids without gap or overlap (next offset ${next})`,
        got: `offset ${offset}`,
      });
    }
    next += rows * columns;
  }
  if (next !== sourceCount) {
    throw new InvalidInputError({
      operation,
      expected: `grids that cover ${sourceCount} source tokens`,
      got: `${next} cells`,
    });
  }
}
