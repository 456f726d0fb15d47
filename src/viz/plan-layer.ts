/** @file The plan on its grids: image, cells, links. */
import { type CompressionPlan, roleCounts } from "../core/index.js";
import { cellFrames, cellGround, type MarkedCell } from "./cell-marks.js";
import { INK, ROLE_COLORS } from "./colors.js";
import { cellPlace, type GridFrame } from "./grid-layout.js";
import { element, moved, path, short } from "./markup.js";
import { type MergeLink, mergeLinks, mergeShares, type PlanCell } from "./plan-cells.js";
import { massLengths } from "./row-mass.js";

/** An image below a grid. */
export interface PlanImage {
  /** The image itself, as `data:image/png;base64,…` (or jpeg, gif, webp); a reference to elsewhere is refused. */
  readonly dataUri: string;
  /**
   * How it lies on the grid, as the preprocessor laid it. `cover` (default): centered and cut, as CLIP does. `contain`: whole, with
   * margins, as LLaVA's padding does. `stretch`: both sides scaled on their own.
   */
  readonly fit?: "cover" | "contain" | "stretch";
}

const ASPECT = { cover: "xMidYMid slice", contain: "xMidYMid meet", stretch: "none" } as const;

/** Links on the whole drawing; more of them hide the cells that they join. */
const MOST_LINKS = 60;
/** Links of one row; a sixth adds no more than the tint says already. */
const MOST_LINKS_PER_ROW = 5;

/** How many links of each merged row are drawn: fewer when many rows share the drawing, at least one. */
export function linksPerRow(plan: CompressionPlan): number {
  const { merged } = roleCounts(plan);
  return merged === 0 ? 0 : Math.max(1, Math.min(MOST_LINKS_PER_ROW, Math.floor(MOST_LINKS / merged)));
}

/** Draws all frames of a plan. `images` has one entry per frame, or is empty. */
export function planLayer(
  plan: CompressionPlan,
  cells: readonly PlanCell[],
  frames: readonly GridFrame[],
  images: readonly (PlanImage | undefined)[],
): string {
  const [shares, lengths] = [mergeShares(plan), massLengths(plan)];
  const [links, most] = [mergeLinks(plan), linksPerRow(plan)];
  const drawings = frames.map((frame, i) => {
    const marked = markedCells(frame, cells, { shares, lengths });
    const style = { cell: frame.cell, overImage: images[i] !== undefined };
    const markup =
      backdrop(frame, images[i]) +
      cellGround(marked, style) +
      gridLines(frame, style.overImage) +
      linkLines(drawnLinks(links, most, frame), frame, marked) +
      cellFrames(marked, style);
    return moved(frame.x, frame.y, markup, frame.cell);
  });
  return drawings.join("");
}

/** The cells of one frame, as they are marked, in raster order. */
function markedCells(
  frame: GridFrame,
  cells: readonly PlanCell[],
  { shares, lengths }: { shares: Float64Array; lengths: Float64Array },
): MarkedCell[] {
  const { offset, rows, columns } = frame.grid;
  return cells.slice(offset, offset + rows * columns).map(({ source, role, center }) => ({
    ...cellPlace(frame, source),
    role,
    center,
    share: shares[source],
    mass: lengths[source],
  }));
}

function backdrop({ columns, rows }: GridFrame, image: PlanImage | undefined): string {
  const box = { width: columns, height: rows };
  if (image === undefined) return "";
  const surface = element("rect", { ...box, fill: INK.cell });
  const placed = { ...box, preserveAspectRatio: ASPECT[image.fit ?? "cover"], href: image.dataUri };
  return surface + element("image", placed);
}

function gridLines({ grid, columns, rows, cell }: GridFrame, overImage: boolean): string {
  const last = grid.rows * grid.columns - (rows - 1) * columns;
  const down = Array.from({ length: columns + 1 }, (_, i) => `M${i} 0v${i <= last ? rows : rows - 1}`);
  const across = Array.from({ length: rows + 1 }, (_, i) => `M0 ${i}h${i < rows ? columns : last}`);
  return path([...down, ...across].join(""), {
    fill: "none",
    stroke: overImage ? INK.paper : INK.line,
    "stroke-opacity": overImage ? 0.35 : undefined,
    "stroke-width": Math.min(0.06, 1 / cell),
  });
}

/** The links that are drawn: of each row the strongest within the center's grid. */
function drawnLinks(links: readonly MergeLink[], most: number, { grid }: GridFrame): MergeLink[] {
  const inGrid = (source: number) => source >= grid.offset && source < grid.offset + grid.rows * grid.columns;
  const drawn = new Map<number, number>();
  return links.filter(({ row, center, neighbor }) => {
    const before = drawn.get(row) ?? 0;
    if (before === most || !inGrid(center) || !inGrid(neighbor)) return false;
    drawn.set(row, before + 1);
    return true;
  });
}

/** Links with a dot at the neighbor's end. They pass under the cells of kept tokens, so that those stay clear. */
function linkLines(links: readonly MergeLink[], frame: GridFrame, marked: readonly MarkedCell[]): string {
  const middle = (source: number): Point => {
    const { column, line } = cellPlace(frame, source);
    return { x: column + 0.5, y: line + 0.5 };
  };
  const keptCells = marked.filter(({ role }) => role === "visual" || role === "text");
  const kept = new Set(keptCells.map(({ column, line }) => line * frame.columns + column));
  const covered = ({ x, y }: Point) => kept.has(Math.floor(y) * frame.columns + Math.floor(x));
  const line = ({ center, neighbor }: MergeLink) =>
    uncoveredParts(middle(center), middle(neighbor), covered)
      .map(([a, b]) => `M${short(a.x)} ${short(a.y)}L${short(b.x)} ${short(b.y)}`)
      .join("");
  // A line of almost no length with round caps is a dot.
  const dots = links.map(({ neighbor }) => `M${short(middle(neighbor).x)} ${short(middle(neighbor).y)}h.01`).join("");
  const pixel = 1 / frame.cell;
  const width = Math.min(1.5, Math.max(0.75, frame.cell / 18)) * pixel;
  const draw = (d: string, stroke: string, opacity: number, strokeWidth: number) =>
    path(d, {
      fill: "none",
      stroke,
      "stroke-opacity": opacity,
      "stroke-width": strokeWidth,
      "stroke-linecap": "round",
    });
  const casing = draw(links.map(line).join(""), INK.paper, 0.6, width + 1.5 * pixel);
  const lines = [0.35, 0.6, 0.85].map((opacity, third) => {
    const chosen = links.filter(({ strength }) => Math.min(2, Math.floor(strength * 3)) === third);
    return draw(chosen.map(line).join(""), ROLE_COLORS.merged, opacity, width);
  });
  const dotCasing = draw(dots, INK.paper, 0.8, width * 2.6 + 2 * pixel);
  return casing + lines.join("") + dotCasing + draw(dots, ROLE_COLORS.merged, 1, width * 2.6);
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The parts of the line from `a` to `b` that lie in cells which are not covered; cells have side 1. */
function uncoveredParts(a: Point, b: Point, covered: (point: Point) => boolean): [Point, Point][] {
  const at = (t: number): Point => ({ x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t });
  const borders = [...crossings(a.x, b.x), ...crossings(a.y, b.y), 1].sort((s, t) => s - t);
  const parts: [number, number][] = [];
  let from = 0;
  for (const to of borders) {
    if (to > from && !covered(at((from + to) / 2))) {
      const last = parts.at(-1);
      if (last?.[1] === from) last[1] = to;
      else parts.push([from, to]);
    }
    from = to;
  }
  return parts.map(([start, end]) => [at(start), at(end)]);
}

/** Where, as a share of the way from `from` to `to`, whole numbers are crossed. */
function crossings(from: number, to: number): number[] {
  const low = Math.ceil(Math.min(from, to));
  const high = Math.floor(Math.max(from, to));
  return Array.from({ length: Math.max(0, high - low + 1) }, (_, i) => (low + i - from) / (to - from));
}
