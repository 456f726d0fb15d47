/** @file How much of what a question asks about stays: a measure that needs no model. */
import type { CompressionPlan, RgbImage, TokenGrid } from "../../core/index.js";
import type { SampleRegion } from "../task.js";
import { separateRows } from "./own-cells.js";

/** A picture's grid of patches, and the pixels of the picture that it covers. */
export type PatchGrid = Pick<TokenGrid, "rows" | "columns"> & Pick<RgbImage, "width" | "height">;

/** Share of a patch that a box has to cover for the patch to count, as in the benchmark's own checks. */
const COVERED = 0.25;

/** Ids of the patches of which a box covers a quarter at least, ascending. */
export function patchesOf(boxes: SampleRegion["boxes"], { rows, columns, width, height }: PatchGrid): number[] {
  const [cellWidth, cellHeight] = [width / columns, height / rows];
  const ids: number[] = [];
  for (let id = 0; id < rows * columns; id++) {
    const [left, top] = [(id % columns) * cellWidth, Math.floor(id / columns) * cellHeight];
    const covered = boxes.some(([x, y, boxWidth, boxHeight]) => {
      const across = Math.min(left + cellWidth, x + boxWidth) - Math.max(left, x);
      const down = Math.min(top + cellHeight, y + boxHeight) - Math.max(top, y);
      return across > 0 && down > 0 && across * down >= COVERED * cellWidth * cellHeight;
    });
    if (covered) ids.push(id);
  }
  return ids;
}

/** How many of `patches` have a row of their own, kept or recovered. Those that are merged away do not count. */
export function ownRowsOf(plan: CompressionPlan, patches: readonly number[]): number {
  const own = separateRows(plan);
  return patches.filter((id) => own.has(id)).length;
}
