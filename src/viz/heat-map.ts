/** @file A signal on the grids: a small heat map with its color scale. */
import { INK, viridis } from "./colors.js";
import { cellPlace, type GridLayout } from "./grid-layout.js";
import { type Block, element, moved, path, short, textLine } from "./markup.js";
import type { CellRole, PlanCell } from "./plan-cells.js";

/** One signal with all that its heat map says. */
export interface HeatMap {
  /** Scores per source token, `[N]`. */
  readonly values: ArrayLike<number>;
  /** Text above the map. */
  readonly name: string;
  /**
   * How values become colors. Attention is heavy-tailed (a few tokens hold most of it), so its scale is the square root. A linear
   * one would show two or three cells and nothing else.
   */
  readonly scale: "linear" | "square root";
  /** Tokens of this role get a frame: those that were chosen by this signal. */
  readonly framed: CellRole;
  /** Meaning of the frames, for the notes. */
  readonly framing: string;
}

/** Colors on a heat map; the eye tells no more apart, and each costs one path. */
const LEVELS = 32;
const COLORS = Array.from({ length: LEVELS }, (_, level) => viridis(level / (LEVELS - 1)));
/** Width of a color scale that holds its three labels, in pixels. */
export const NARROWEST_SCALE = 176;
/** Height of the name above a heat map, in pixels. */
export const HEAT_MAP_HEAD = 22;
/** Height of the color scale below a heat map, in pixels. */
export const HEAT_MAP_FOOT = 34;

/** Draws a heat map, its name above the layout's box and its color scale below. */
export function heatMap(
  { values, name, scale, framed }: HeatMap,
  cells: readonly PlanCell[],
  layout: GridLayout,
): Block {
  const all = Float64Array.from(values);
  const low = all.reduce((a, b) => Math.min(a, b));
  const high = all.reduce((a, b) => Math.max(a, b));
  const level = (value: number) => {
    const linear = high > low ? (value - low) / (high - low) : 0;
    return Math.round((scale === "linear" ? linear : Math.sqrt(linear)) * (LEVELS - 1));
  };
  const maps = layout.frames.map((frame) => {
    const levels: string[] = Array(LEVELS).fill("");
    let marks = "";
    const { offset, rows, columns } = frame.grid;
    for (let source = offset; source < offset + rows * columns; source++) {
      const { column, line } = cellPlace(frame, source);
      levels[level(values[source])] += `M${column} ${line}h1v1h-1z`;
      if (cells[source].role === framed) marks += `M${short(column + 0.08)} ${short(line + 0.08)}h.84v.84h-.84z`;
    }
    const fills = levels.map((d, i) => path(d, { fill: COLORS[i] })).join("");
    // A seventh of a cell, but from 1 to 2.5 pixels.
    const frameWidth = Math.min(2.5, Math.max(1, frame.cell / 7)) / frame.cell;
    const outline = { fill: "none", stroke: INK.paper, "stroke-width": frameWidth };
    const drawing = element("g", { "shape-rendering": "crispEdges" }, fills) + path(marks, outline);
    return moved(frame.x, frame.y + HEAT_MAP_HEAD, drawing, frame.cell);
  });
  const title = textLine(0, 13, name, { size: 13, fill: INK.text, bold: true });
  return {
    markup: title + maps.join("") + colorScale(layout, { low, high, scale }),
    height: layout.height + HEAT_MAP_HEAD + HEAT_MAP_FOOT,
  };
}

function colorScale(layout: GridLayout, { low, high, scale }: { low: number; high: number; scale: string }): string {
  const y = HEAT_MAP_HEAD + layout.height + 8;
  const style = { size: 11, fill: INK.muted };
  if (low === high) return textLine(0, y + 10, `${valueLabel(low)} everywhere`, style);
  const width = Math.max(layout.width, NARROWEST_SCALE);
  const step = width / LEVELS;
  const bar = COLORS.map((fill, i) =>
    path(`M${short(i * step)} ${short(y)}H${short((i + 1) * step)}v6H${short(i * step)}z`, { fill }),
  ).join("");
  return (
    element("g", { "shape-rendering": "crispEdges" }, bar) +
    textLine(0, y + 18, valueLabel(low), style) +
    textLine(width / 2, y + 18, `${scale} scale`, { ...style, anchor: "middle" }) +
    textLine(width, y + 18, valueLabel(high), { ...style, anchor: "end" })
  );
}

/** A value in two significant digits, with an exponent where it would have more than three zeros. */
function valueLabel(value: number): string {
  return value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(1) : String(Number(value.toPrecision(2)));
}
