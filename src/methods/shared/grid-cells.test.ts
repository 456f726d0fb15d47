import { describe, expect, it } from "vitest";
import type { TokenGrid } from "../../core/index.js";
import { blockCells, cellCenter, cellTokens, evenCells, type GridCell } from "./grid-cells.js";

const grid = (rows: number, columns: number, offset = 0): TokenGrid => ({ rows, columns, offset });

/** One character per token: the letter of its cell; the cell's middle token in upper case. */
function picture(cells: readonly GridCell[], { rows, columns, offset }: TokenGrid): string[] {
  const letters = Array<string>(rows * columns).fill(".");
  cells.forEach((cell, i) => {
    const letter = String.fromCharCode(97 + i);
    for (const id of cellTokens(cell)) letters[id - offset] = letter;
    letters[cellCenter(cell) - offset] = letter.toUpperCase();
  });
  return Array.from({ length: rows }, (_, row) => letters.slice(row * columns, (row + 1) * columns).join(""));
}

describe("evenCells", () => {
  it("cuts 6 x 6 into 9 squares of 2 x 2", () => {
    expect(picture(evenCells([grid(6, 6)], 9), grid(6, 6))).toEqual([
      "AaBbCc",
      "aabbcc",
      "DdEeFf",
      "ddeeff",
      "GgHhIi",
      "gghhii",
    ]);
  });

  it("makes 7 cells of 6 x 6 as bands of 2, 3 and 2, not as stripes", () => {
    expect(picture(evenCells([grid(6, 6)], 7), grid(6, 6))).toEqual([
      "aAabBb",
      "aaabbb",
      "CcDdEe",
      "ccddee",
      "fFfgGg",
      "fffggg",
    ]);
  });

  it("takes bands of one row in a grid of one row, and one column in a grid of one column", () => {
    expect(picture(evenCells([grid(1, 9)], 3), grid(1, 9))).toEqual(["aAabBbcCc"]);
    expect(picture(evenCells([grid(9, 1)], 3), grid(9, 1)).join("")).toBe("aAabBbcCc");
  });

  it("covers every token exactly once with exactly K cells, for every K of many grids", () => {
    for (const [rows, columns] of [
      [1, 1],
      [1, 7],
      [7, 1],
      [2, 3],
      [5, 5],
      [4, 9],
      [11, 6],
      [13, 13],
    ]) {
      for (let count = 1; count <= rows * columns; count++) {
        const cells = evenCells([grid(rows, columns)], count);
        expect(cells.length).toBe(count);
        const ids = cells.flatMap(cellTokens).sort((a, b) => a - b);
        expect(ids).toEqual(Array.from({ length: rows * columns }, (_, id) => id));
      }
    }
  });

  it("leaves no token far from a middle: within one side of the ideal square cell, for every K at 24 x 24", () => {
    let worst = 0;
    for (let count = 1; count < 576; count++) {
      const side = Math.sqrt(576 / count);
      for (const cell of evenCells([grid(24, 24)], count)) {
        const center = cellCenter(cell);
        for (const id of cellTokens(cell)) {
          const rows = Math.floor(id / 24) - Math.floor(center / 24);
          const columns = (id % 24) - (center % 24);
          worst = Math.max(worst, Math.hypot(rows, columns) / side);
        }
      }
    }
    // The corner of an ideal square cell is 0.71 sides from its center.
    expect(worst).toBeLessThan(1);
  });

  it("shares a budget among pictures by area", () => {
    const grids = [grid(4, 4), grid(8, 8, 16), grid(4, 4, 80)];
    const perGrid = (count: number) =>
      grids.map((g) => evenCells(grids, count).filter((cell) => cell.grid === g).length);
    expect(perGrid(12)).toEqual([2, 8, 2]);
    expect(perGrid(1)).toEqual([0, 1, 0]);
    expect(perGrid(96)).toEqual([16, 64, 16]);
  });

  it("spreads a budget below the number of frames over the whole sequence", () => {
    const frames = Array.from({ length: 8 }, (_, i) => grid(2, 2, 4 * i));
    expect(evenCells(frames, 4).map((cell) => cell.grid.offset / 4)).toEqual([0, 2, 4, 6]);
  });
});

describe("blockCells", () => {
  it("starts at the top left, with smaller blocks at the right and bottom", () => {
    expect(picture(blockCells([grid(3, 5)], 2), grid(3, 5))).toEqual(["AaBbC", "aabbc", "DdEeF"]);
  });

  it("does each picture on its own", () => {
    const cells = blockCells([grid(2, 2), grid(2, 3, 4)], 2);
    expect(cells.map(cellTokens)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 7, 8],
      [6, 9],
    ]);
  });
});
