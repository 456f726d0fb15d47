/**
 * The marks of the cells, one path per style. Coordinates are in cells (column 3 of line 5 covers 3 to 4 by 5 to 6), the
 * caller scales them.
 *
 * | role     | color  | second cue                                  |
 * |----------|--------|---------------------------------------------|
 * | visual   | blue   | solid frame                                 |
 * | text     | orange | solid frame and a filled corner             |
 * | merged   | purple | tint by share; a center has a disk          |
 * | residual | gray   | one diagonal stroke                         |
 * | dropped  | none   | washed out (over a picture) or an empty cell |
 */
import { INK, ROLE_COLORS } from "./colors.js";
import { element, short } from "./markup.js";
import type { CellRole } from "./plan-cells.js";

/** One cell to mark. */
export interface MarkedCell {
  readonly column: number;
  readonly line: number;
  readonly role: CellRole;
  readonly center: boolean;
  /** How deep the tint of a merged cell is, 0 to 1. */
  readonly share: number;
}

/** What the marks lie on. */
export interface CellStyle {
  /** Side of a cell in pixels; strokes are bounded in pixels, so that they stay visible on small cells. */
  readonly cell: number;
  /** Whether a picture lies below. Without one, cells are filled. */
  readonly overPicture: boolean;
}

const TINTS = [0.14, 0.28, 0.42, 0.58]; // opacity by quarter of the share's square root; shares are heavy-tailed
/** Opacity of the white wash over the picture; kept tokens and centers have none. */
const WASH: Readonly<Partial<Record<CellRole, number>>> = { merged: 0.55, residual: 0.6, dropped: 0.88 };

/** Everything below the links: wash or fill, tint, strokes of the residual. */
export function cellGround(cells: readonly MarkedCell[], { cell, overPicture }: CellStyle): string {
  const plain = cells.filter(({ center }) => !center);
  const of = (role: CellRole) => plain.filter((one) => one.role === role);
  const parts: string[] = [];
  if (overPicture) {
    for (const role of ["merged", "residual", "dropped"] as const) {
      parts.push(squares(of(role), { fill: INK.paper, "fill-opacity": WASH[role] }));
    }
  } else {
    const filled = cells.filter(({ role }) => role !== "dropped");
    parts.push(squares(filled, { fill: INK.cell }));
  }
  TINTS.forEach((opacity, level) => {
    const tinted = of("merged").filter(
      ({ share }) => Math.min(TINTS.length - 1, Math.floor(Math.sqrt(share) * TINTS.length)) === level,
    );
    parts.push(squares(tinted, { fill: ROLE_COLORS.merged, "fill-opacity": opacity }));
  });
  parts.push(strokes(of("residual"), cell));
  return parts.join("");
}

/** Everything above the links: frames, corners, disks. */
export function cellFrames(cells: readonly MarkedCell[], { cell, overPicture }: CellStyle): string {
  const frame = Math.min(3, Math.max(1.2, cell * 0.115)) / cell;
  const hairline = (cell < 14 ? 0.5 : 1.1) / cell;
  const parts: string[] = [];
  for (const role of ["visual", "text"] as const) {
    const own = cells.filter((one) => one.role === role);
    const color = ROLE_COLORS[role];
    if (overPicture) {
      // A white hairline on the inner side: the frame stands out on a picture of its own color, too.
      parts.push(
        frames(own, (frame + hairline) / 2, { fill: "none", stroke: INK.paper, "stroke-width": frame + hairline }),
      );
      parts.push(frames(own, frame / 2, { fill: "none", stroke: color, "stroke-width": frame }));
    } else {
      parts.push(frames(own, 0.06, { fill: color }));
    }
    if (role === "text") {
      parts.push(corners(own, overPicture ? { fill: color } : { fill: INK.paper }));
    }
  }
  const centers = cells.filter(({ center }) => center);
  const ring = { fill: ROLE_COLORS.merged, stroke: INK.paper, "stroke-width": frame };
  parts.push(path(centers.map(({ column, line: at }) => disk(column + 0.5, at + 0.5, 0.34)).join(""), ring));
  return parts.join("");
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** A path, or nothing when it is empty. */
export function path(d: string, attributes: Attributes): string {
  return d === "" ? "" : element("path", { ...attributes, d });
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

function frames(cells: readonly MarkedCell[], inset: number, attributes: Attributes): string {
  const side = short(1 - 2 * inset);
  const d = cells.map(
    ({ column, line }) => `M${short(column + inset)} ${short(line + inset)}h${side}v${side}h-${side}z`,
  );
  return path(d.join(""), attributes);
}

function corners(cells: readonly MarkedCell[], attributes: Attributes): string {
  const d = cells.map(({ column, line }) => `M${short(column + 0.5)} ${short(line + 0.1)}h.4v.4z`);
  return path(d.join(""), attributes);
}

function strokes(cells: readonly MarkedCell[], cell: number): string {
  const d = cells.map(({ column, line }) => `M${short(column + 0.3)} ${short(line + 0.7)}l.4-.4`);
  return path(d.join(""), { fill: "none", stroke: ROLE_COLORS.residual, "stroke-width": Math.max(0.06, 0.75 / cell) });
}

function disk(x: number, y: number, radius: number): string {
  const r = short(radius);
  const across = short(radius * 2);
  return `M${short(x - radius)} ${short(y)}a${r} ${r} 0 1 0 ${across} 0a${r} ${r} 0 1 0-${across} 0z`;
}
