/**
 * @file The control that beats many methods (arXiv 2510.07143): a smaller picture at an equal number of tokens. Encoders of
 * published files take one size only. So the shrunken picture stands in the corner of a canvas of the mean color, and its patches
 * alone are kept.
 */
import {
  type CompressionMethod,
  orderRows,
  ownRow,
  refusalFor,
  requireSignals,
  type TableWith,
} from "../../core/index.js";
import type { RgbImage } from "../../vlm/index.js";
import { onSquare } from "./pad-square.js";

/**
 * A canvas of `columns` patches with the picture `inner` in its upper left corner. The caller has drawn it at `side` of `columns`
 * patches.
 */
export function cornerPicture(inner: RgbImage, side: number, columns: number): RgbImage {
  if (inner.width !== inner.height || inner.width % side !== 0) {
    throw refusalFor("eval")(`a square picture of ${side} equal patches a side`, `${inner.width} x ${inner.height}`);
  }
  return onSquare(inner, (inner.width / side) * columns, [0, 0]);
}

/** Keeps the patches of the upper left corner, `side` a side. */
export function cornerMethod(side: number): CompressionMethod {
  return {
    id: "downsample",
    summary: "a smaller picture, all of its tokens",
    reference: "arXiv 2510.07143",
    needs: ["grid"],
    dynamic: false,
    options: [],
    plan(table) {
      requireSignals("downsample", table, ["grid"]);
      const [{ columns }] = (table as TableWith<"grid">).grids;
      const rows = Array.from({ length: side * side }, (_, i) =>
        ownRow("visual", Math.floor(i / side) * columns + (i % side)),
      );
      return orderRows(rows, table.count, "grid");
    },
  };
}
