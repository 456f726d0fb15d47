/**
 * @file The marks of the cells, one path per style. Coordinates are in cells (column 3 of line 5 covers 3 to 4 by 5 to 6); the
 * caller scales them.
 *
 * | role     | color  | second cue                                  |
 * |----------|--------|---------------------------------------------|
 * | visual   | blue   | solid frame                                 |
 * | text     | orange | solid frame and a filled corner             |
 * | merged   | purple | tint by share; a center has a disk          |
 * | residual | gray   | one diagonal stroke                         |
 * | dropped  | none   | washed out (over an image) or an empty cell |
 *
 * A bar at the foot of a cell says the mass of the row that stands there.
 */
import { ROLES, type Role } from "../core/index.js";
import { INK, ROLE_COLORS } from "./colors.js";
import { type Attributes, path, short } from "./markup.js";
import type { CellRole, PlanCell } from "./plan-cells.js";

/** One cell to mark. */
export interface MarkedCell extends Pick<PlanCell, "role" | "center"> {
  /** Place on the grid as drawn, from 0. */
  readonly column: number;
  readonly line: number;
  /** How deep the tint of a merged cell is, 0 to 1. */
  readonly share: number;
  /** How long the bar of its row's mass is, 0 (none) to 1. */
  readonly mass: number;
}

/** The ground below the marks. */
export interface CellStyle {
  /** Side of a cell in pixels; strokes are bounded in pixels, so that they stay visible on small cells. */
  readonly cell: number;
  /** Whether an image lies below. Without one, cells are filled. */
  readonly overImage: boolean;
}

const TINTS = [0.14, 0.28, 0.42, 0.58]; // opacity by quarter of the share's square root; shares are heavy-tailed
/** Opacity of the white wash over the image; kept tokens and centers have none. */
const WASH = { merged: 0.55, residual: 0.6, dropped: 0.88 } as const;

/** Everything below the links: wash or fill, tint, strokes of the residual. */
export function cellGround(cells: readonly MarkedCell[], { cell, overImage }: CellStyle): string {
  const of = (role: CellRole) => cells.filter((one) => !one.center && one.role === role);
  const level = ({ share }: MarkedCell) => Math.min(TINTS.length - 1, Math.floor(Math.sqrt(share) * TINTS.length));
  const filled = cells.filter(({ role }) => role !== "dropped");
  const ground = overImage
    ? Object.entries(WASH).map(([role, wash]) =>
        squares(of(role as CellRole), { fill: INK.paper, "fill-opacity": wash }),
      )
    : [squares(filled, { fill: INK.cell })];
  const tints = TINTS.map((opacity, tint) => {
    const tinted = of("merged").filter((one) => level(one) === tint);
    return squares(tinted, { fill: ROLE_COLORS.merged, "fill-opacity": opacity });
  });
  const stroke = { fill: "none", stroke: ROLE_COLORS.residual, "stroke-width": Math.max(0.06, 0.75 / cell) };
  return [...ground, ...tints, each(of("residual"), 0.3, 0.7, "l.4-.4", stroke)].join("");
}

/** Everything above the links: frames, corners, disks. */
export function cellFrames(cells: readonly MarkedCell[], { cell, overImage }: CellStyle): string {
  const frame = Math.min(3, Math.max(1.2, cell * 0.115)) / cell;
  const hairline = (cell < 14 ? 0.5 : 1.1) / cell;
  const marks = (["visual", "text"] as const).map((role) => {
    const own = cells.filter((one) => one.role === role);
    const color = ROLE_COLORS[role];
    const outline = (stroke: string, width: number) =>
      squareMarks(own, width / 2, { fill: "none", stroke, "stroke-width": width });
    // A white hairline on the inner side: the frame stands out on an image of its own color, too.
    const square = overImage
      ? outline(INK.paper, frame + hairline) + outline(color, frame)
      : squareMarks(own, 0.06, { fill: color });
    const corner = each(own, 0.5, 0.1, "h.4v.4z", { fill: overImage ? color : INK.paper });
    return role === "text" ? square + corner : square;
  });
  const centers = cells.filter(({ center }) => center);
  const ring = { fill: ROLE_COLORS.merged, stroke: INK.paper, "stroke-width": frame };
  // A disk of radius 0.34 around the middle.
  const disks = each(centers, 0.16, 0.5, "a.34 .34 0 1 0 .68 0a.34 .34 0 1 0-.68 0z", ring);
  return marks.join("") + disks + massBars(cells, { cell, overImage });
}

/** A bar of full length is 0.6 of a cell; its track is longer by `margin` on both sides, up to the frame's white hairline. */
const BAR = { start: 0.2, length: 0.6, margin: 0.04 } as const;
/** Middle of a bar from the top of its cell: above the frame, or below a center's disk. */
const FOOT: Readonly<Record<Role, number>> = { visual: 0.76, text: 0.76, merged: 0.92, residual: 0.92 };

/** Bars of the rows' mass, each on a light track as long as the bar of the largest. */
function massBars(cells: readonly MarkedCell[], { cell, overImage }: CellStyle): string {
  const width = Math.max(1.5, cell * 0.12) / cell;
  const { start, length, margin } = BAR;
  const bars = ROLES.map((role) => {
    const told = cells.filter((one) => one.mass > 0 && one.role === role);
    const filled = !overImage && (role === "visual" || role === "text");
    const lines = (from: number, long: (one: MarkedCell) => number) =>
      told.map((one) => `M${short(one.column + from)} ${short(one.line + FOOT[role])}h${short(long(one))}`).join("");
    const track = { stroke: INK.paper, "stroke-width": width * 1.6, "stroke-opacity": filled ? 0.3 : 0.8 };
    const bar = { stroke: filled ? INK.paper : ROLE_COLORS[role], "stroke-width": width };
    return (
      path(
        lines(start - margin, () => length + 2 * margin),
        { fill: "none", ...track },
      ) +
      path(
        lines(start, ({ mass }) => mass * length),
        { fill: "none", ...bar },
      )
    );
  });
  return bars.join("");
}

/** Whole cells, neighbors in a line joined. Cells come in raster order. */
function squares(cells: readonly MarkedCell[], attributes: Attributes): string {
  let d = "";
  for (let i = 0; i < cells.length; ) {
    const { column, line } = cells[i];
    let length = 1;
    while (cells[i + length]?.line === line && cells[i + length].column === column + length) length++;
    d += `M${column} ${line}h${length}v1h-${length}z`;
    i += length;
  }
  return path(d, attributes);
}

/** A square in each cell, `inset` from its edges. */
function squareMarks(cells: readonly MarkedCell[], inset: number, attributes: Attributes): string {
  const side = short(1 - 2 * inset);
  return each(cells, inset, inset, `h${side}v${side}h-${side}z`, attributes);
}

/** The same figure in each cell, begun at x, y from its top left corner. */
function each(cells: readonly MarkedCell[], x: number, y: number, figure: string, attributes: Attributes): string {
  const d = cells.map(({ column, line }) => `M${short(column + x)} ${short(line + y)}${figure}`).join("");
  return path(d, attributes);
}
