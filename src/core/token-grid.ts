import { refusalFor } from "./errors.js";
import { optionsOf } from "./options.js";
import { anything, brief, list, object, optional, shaped, value } from "./shape.js";

/**
 * Where a run of source tokens lies in an image: `rows x columns` patches in raster order, the first of them with source
 * id `offset`. A table of several images, tiles or video frames has one grid each.
 */
export interface TokenGrid {
  readonly rows: number;
  readonly columns: number;
  /** Id of the grid's first source token. */
  readonly offset: number;
  /** Side of a patch in pixels of the preprocessed image (14 for CLIP-L/14-336), if known. */
  readonly patchSize?: number;
}

const READABLE = object({
  rows: optional(anything),
  columns: optional(anything),
  offset: optional(anything),
  patchSize: optional(anything),
});
const PATCH_SIZE = value<number>("a number above 0", (size) => Number.isFinite(size) && (size as number) > 0);

/** One square grid over `count` tokens. @throws InvalidInputError when `count` is no square number. */
export function squareGrid(count: number, options: { patchSize?: number } = {}): TokenGrid {
  const { patchSize } = optionsOf("squareGrid", options, { patchSize: optional(PATCH_SIZE) });
  const side = Number.isInteger(count) ? Math.sqrt(count) : Number.NaN;
  if (!Number.isInteger(side) || side < 1) throw refusalFor("squareGrid")("a square number of tokens", count);
  return { rows: side, columns: side, offset: 0, patchSize };
}

/** Throws unless the grids cover the ids `0 … sourceCount - 1` exactly once, in ascending order of `offset`. */
export function assertGrids(operation: string, grids: readonly TokenGrid[], sourceCount: number): void {
  const refuse = refusalFor(operation);
  shaped(grids, list(READABLE), (_, got) => refuse("a list of grids", got));
  let next = 0;
  for (const grid of grids) {
    const { rows, columns, offset, patchSize } = Object(grid) as TokenGrid;
    if (!Number.isInteger(rows) || !Number.isInteger(columns) || rows < 1 || columns < 1) {
      throw refuse("a grid of at least 1 row and 1 column", `${brief(rows)} x ${brief(columns)}`);
    }
    if (offset !== next) throw refuse(`grids without gap or overlap (next offset ${next})`, `offset ${brief(offset)}`);
    shaped({ patchSize }, object({ patchSize: optional(PATCH_SIZE) }), refuse);
    next += rows * columns;
  }
  if (next !== sourceCount) throw refuse(`grids that cover ${sourceCount} source tokens`, `${next} cells`);
}
