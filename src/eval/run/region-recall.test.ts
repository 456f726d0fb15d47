import { describe, expect, it } from "vitest";
import { orderRows, ownRow } from "../../core/index.js";
import { ownRowsOf, patchesOf } from "./region-recall.js";

const GRID = { rows: 2, columns: 3, width: 42, height: 28 };

describe("patches of boxes", () => {
  it("are those of which a quarter is covered", () => {
    // 7 x 7 of 14 x 14 pixels is a quarter exactly.
    expect(patchesOf([[0, 0, 7, 7]], GRID)).toEqual([0]);
    expect(patchesOf([[0, 0, 7, 6]], GRID)).toEqual([]);
    expect(patchesOf([[7, 7, 14, 14]], GRID)).toEqual([0, 1, 3, 4]);
    expect(
      patchesOf(
        [
          [28, 14, 14, 14],
          [0, 0, 14, 14],
        ],
        GRID,
      ),
    ).toEqual([0, 5]);
    expect(patchesOf([[-20, -20, 10, 10]], GRID)).toEqual([]);
  });

  it("count as kept in rows of their own, not where they are merged", () => {
    const rows = [
      ownRow("visual", 0),
      ownRow("text", 4),
      { role: "merged" as const, anchor: 1, sources: [1, 2], weights: [1, 1] },
    ];
    const plan = orderRows(rows, 6, "grid");
    expect(ownRowsOf(plan, [0, 1, 4, 5])).toBe(2);
    expect(ownRowsOf(plan, [])).toBe(0);
  });
});
