import { describe, expect, it } from "vitest";
import type { TokenGrid } from "../core/index.js";
import { cellPlace, type GridFrame, layoutGrids } from "./grid-layout.js";

function gridsOf(...shapes: [rows: number, columns: number][]): TokenGrid[] {
  let offset = 0;
  return shapes.map(([rows, columns]) => {
    const grid = { rows, columns, offset };
    offset += rows * columns;
    return grid;
  });
}

const box = (frame: GridFrame) => ({
  left: frame.x,
  top: frame.y,
  right: frame.x + frame.columns * frame.cell,
  bottom: frame.y + frame.rows * frame.cell,
});

describe("layoutGrids", () => {
  it("fills the box with whole-pixel cells", () => {
    const { frames, width, height } = layoutGrids(gridsOf([24, 24]), { width: 600, height: 700 });
    expect(frames).toMatchObject([{ x: 0, y: 0, cell: 25, columns: 24, rows: 24 }]);
    expect([width, height]).toEqual([600, 600]);
  });

  it("is bounded by the height for tall grids", () => {
    expect(layoutGrids(gridsOf([60, 10]), { width: 900, height: 600 }).frames[0].cell).toBe(10);
  });

  it("takes the arrangement with the largest cells", () => {
    const grids = gridsOf([24, 24], [24, 24], [24, 24], [24, 24], [24, 24]);
    const lines = (width: number, height: number) =>
      new Set(layoutGrids(grids, { width, height }).frames.map(({ y }) => y)).size;
    expect(lines(2000, 300)).toBe(1);
    expect(lines(900, 620)).toBe(2);
    expect(lines(300, 3000)).toBe(5);
  });

  it.each([
    ["tiles", gridsOf([24, 24], [24, 24], [24, 24], [24, 24], [24, 24])],
    ["unequal shapes", gridsOf([10, 20], [24, 8], [1, 100], [3, 3])],
    ["a large grid", gridsOf([100, 130])],
    ["one token", gridsOf([1, 1])],
  ])("keeps %s inside the box and apart from each other", (_, grids) => {
    for (const [width, height] of [
      [208, 300],
      [620, 624],
      [1152, 780],
    ]) {
      const layout = layoutGrids(grids, { width, height, label: 18 });
      const boxes = layout.frames.map(box);
      for (const one of boxes) {
        expect(one.right).toBeLessThanOrEqual(width);
        expect(one.bottom).toBeLessThanOrEqual(height);
      }
      boxes.forEach((a, i) => {
        for (const b of boxes.slice(i + 1)) {
          expect(a.right <= b.left || b.right <= a.left || a.bottom + 18 <= b.top).toBe(true);
        }
      });
    }
  });

  it("draws strips of more than 32 tokens in lines of 32, unless told not to", () => {
    const [frame] = layoutGrids(gridsOf([1, 100]), { width: 640, height: 600 }).frames;
    expect(frame).toMatchObject({ columns: 32, rows: 4 });
    expect(cellPlace(frame, 99)).toEqual({ column: 3, line: 3 });
    const [whole] = layoutGrids(gridsOf([1, 100]), { width: 640, height: 600, wrap: false }).frames;
    expect(whole).toMatchObject({ columns: 100, rows: 1, cell: 6 });
  });

  it("gives an empty layout for no grids", () => {
    expect(layoutGrids([], { width: 100, height: 100 })).toEqual({ frames: [], width: 0, height: 0 });
  });
});

describe("cellPlace", () => {
  it("counts from the offset of the frame's own grid", () => {
    const [, second] = layoutGrids(gridsOf([2, 3], [4, 5]), { width: 500, height: 500 }).frames;
    expect(cellPlace(second, 6)).toEqual({ column: 0, line: 0 });
    expect(cellPlace(second, 18)).toEqual({ column: 2, line: 2 });
  });
});
