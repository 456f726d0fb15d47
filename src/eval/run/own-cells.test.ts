import fc from "fast-check";
import { expect, it } from "vitest";
import { shape } from "../../core/index.js";
import { cellBits, cellIds, ownCellsShape } from "./own-cells.js";

it("gives the ids that were written, whatever the grid", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 }), fc.nat(), (rows, columns, seed) => {
      const ids = Array.from({ length: rows * columns }, (_, id) => id).filter((id) => (id * 7919 + seed) % 5 === 0);
      const cells = { rows, columns, square: false, own: cellBits(ids, rows * columns) };
      expect(shape.fits(cells, ownCellsShape)).toBe(true);
      expect(cellIds(cells)).toEqual(ids);
    }),
  );
});

it("a damaged text is refused, a short one has no more cells", () => {
  expect(shape.fits({ rows: 2, columns: 2, square: true, own: "a b" }, ownCellsShape)).toBe(false);
  expect(shape.fits({ rows: 1e9, columns: 2, square: true, own: "" }, ownCellsShape)).toBe(false);
  expect(cellIds({ rows: 24, columns: 24, square: true, own: "AQ==" })).toEqual([0]);
});
