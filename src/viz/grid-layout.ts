/** @file Where the grids lie on the drawing: side by side, in as many lines as give the largest cells. */
import type { TokenGrid } from "../core/index.js";

/** One grid on the drawing. */
export interface GridFrame {
  readonly grid: TokenGrid;
  /** Cells per line as drawn; differs from `grid.columns` when a strip is wrapped. */
  readonly columns: number;
  /** Lines as drawn. */
  readonly rows: number;
  /** Left edge, top edge and side of a cell, in pixels. */
  readonly x: number;
  readonly y: number;
  readonly cell: number;
}

/** All grids on the drawing, with the box they fill. */
export interface GridLayout {
  readonly frames: readonly GridFrame[];
  /** Width of the box in pixels. */
  readonly width: number;
  /** Height of the box in pixels. */
  readonly height: number;
}

/** The box to fill and what may be done to fill it. */
export interface GridLayoutOptions {
  /** Width of the box in pixels. */
  readonly width: number;
  /** Largest height in pixels. */
  readonly height: number;
  /** Room above each grid for its name, in pixels. */
  readonly label?: number;
  /** Whether strips (grids of one row) of more than 32 tokens are drawn in lines of 32. Default true. */
  readonly wrap?: boolean;
}

const GAP = 16; // between grids: wider than any cell line, narrower than a cell of a single image
const LARGEST_CELL = 72; // an image of 1 or 4 tokens needs no more
const STRIP_COLUMNS = 32; // a longer line of one row has cells too small to hold a mark, and is hard to count in

/** Places the grids in a box. Cells are squares of one size, whole pixels where they are 3 pixels or more. */
export function layoutGrids(
  grids: readonly TokenGrid[],
  { width, height, label = 0, wrap = true }: GridLayoutOptions,
): GridLayout {
  const shapes = grids.map((grid) => (wrap ? drawnShape(grid) : grid));
  let best: { cell: number; lines: Shape[][] } = { cell: 0, lines: [] };
  for (let perLine = 1; perLine <= shapes.length; perLine++) {
    const lines: Shape[][] = [];
    for (let i = 0; i < shapes.length; i += perLine) lines.push(shapes.slice(i, i + perLine));
    const cell = cellSize(lines, width, height - label * lines.length);
    if (cell >= best.cell) best = { cell, lines };
  }
  return place(grids, best.lines, best.cell, label);
}

type Shape = Pick<TokenGrid, "rows" | "columns">;

/** How a grid is drawn: as it is, or a long strip in several lines. */
export function drawnShape({ rows, columns }: TokenGrid): Shape {
  if (rows > 1 || columns <= STRIP_COLUMNS) return { rows, columns };
  return { rows: Math.ceil(columns / STRIP_COLUMNS), columns: STRIP_COLUMNS };
}

function cellSize(lines: readonly Shape[][], width: number, height: number): number {
  const columns = lines.map((line) => (width - GAP * (line.length - 1)) / sum(line.map((shape) => shape.columns)));
  const rows = sum(lines.map((line) => Math.max(...line.map((shape) => shape.rows))));
  const cell = Math.min(LARGEST_CELL, (height - GAP * (lines.length - 1)) / rows, ...columns);
  return cell >= 3 ? Math.floor(cell) : Math.max(0.25, Math.floor(cell * 4) / 4);
}

function place(grids: readonly TokenGrid[], lines: readonly Shape[][], cell: number, label: number): GridLayout {
  const frames: GridFrame[] = [];
  let width = 0;
  let y = 0;
  for (const line of lines) {
    let x = 0;
    for (const { rows, columns } of line) {
      frames.push({ grid: grids[frames.length], columns, rows, x, y: y + label, cell });
      x += columns * cell + GAP;
    }
    width = Math.max(width, x - GAP);
    y += label + Math.max(...line.map((shape) => shape.rows)) * cell + GAP;
  }
  return { frames, width, height: Math.max(0, y - GAP) };
}

/** Column and line, as drawn, of a source token of this frame. */
export function cellPlace(frame: GridFrame, source: number): { column: number; line: number } {
  const at = source - frame.grid.offset;
  return { column: at % frame.columns, line: Math.floor(at / frame.columns) };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
