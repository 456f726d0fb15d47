/** @file The legend: the meaning of each mark, with counts of output rows and source tokens. */
import { type CompressionPlan, roleCounts } from "../core/index.js";
import { cellFrames, cellGround, type MarkedCell } from "./cell-marks.js";
import { INK } from "./colors.js";
import { type Block, BOLD_WIDTH, moved, path, textLine, textWidth } from "./markup.js";
import { type CellRole, cellCounts, type PlanCell } from "./plan-cells.js";
import { largestMass } from "./row-mass.js";

const SWATCH = 22; // side of a swatch's cell in pixels: as large as a cell of a 24 x 24 grid
const ENTRY_HEIGHT = 46;
/** Narrowest column, in pixels, that holds every line of the legend. */
export const LEGEND_COLUMN = 208;

interface LegendEntry {
  readonly title: string;
  readonly note: string;
  readonly cells: readonly MarkedCell[];
}

/** Draws the legend, its top left corner at 0, 0: in one line if that fits `width`, else in even columns. */
export function legend(
  plan: CompressionPlan,
  cells: readonly PlanCell[],
  { width, overImage }: { width: number; overImage: boolean },
): Block {
  const entries = legendEntries(plan, cells);
  const widths = entries.map(entryWidth);
  const spare = (width - widths.reduce((a, b) => a + b, 0)) / (entries.length - 1);
  const inOneLine = spare >= SWATCH / 2;
  const columns = inOneLine ? entries.length : Math.max(1, Math.min(3, Math.floor(width / LEGEND_COLUMN)));
  let next = 0;
  const markup = entries.map((entry, i) => {
    const x = inOneLine ? next : (i % columns) * (width / columns);
    next += widths[i] + Math.min(spare, 2 * SWATCH);
    const y = Math.floor(i / columns) * ENTRY_HEIGHT;
    return moved(x, y, legendEntry(entry, overImage));
  });
  return { markup: markup.join(""), height: Math.ceil(entries.length / columns) * ENTRY_HEIGHT - 8 };
}

function entryWidth({ title, note, cells }: LegendEntry): number {
  return cells.length * SWATCH + 10 + Math.max(textWidth(title, 13) * BOLD_WIDTH, textWidth(note, 12));
}

function legendEntry({ title, note, cells }: LegendEntry, overImage: boolean): string {
  const style = { cell: SWATCH, overImage };
  const outline = `M0 0h${cells.length}v1H0z`;
  const image = overImage ? path(outline, { fill: INK.image }) : "";
  const border = path(outline, { fill: "none", stroke: INK.line, "stroke-width": 0.05 });
  const left = cells.length * SWATCH + 10;
  return (
    moved(0, 4, image + cellGround(cells, style) + border + cellFrames(cells, style), SWATCH) +
    textLine(left, 13, title, { size: 13, fill: INK.text, bold: true }) +
    textLine(left, 29, note, { size: 12, fill: INK.muted })
  );
}

function legendEntries(plan: CompressionPlan, cells: readonly PlanCell[]): LegendEntry[] {
  const rows = roleCounts(plan);
  const tokens = cellCounts(cells);
  const centers = cells.filter(({ center }) => center);
  const neighbors = tokens.merged - centers.filter(({ role }) => role === "merged").length;
  const cell = (role: CellRole): MarkedCell => ({ column: 0, line: 0, role, center: false, share: 0, mass: 0 });
  const largest = largestMass(plan);
  const mass = {
    title: `Mass: up to ${count(shownMass(largest), "token")}`,
    note: "the bar, on a log scale",
    cells: [{ ...cell("visual"), mass: 1 }],
  };
  return [
    { title: `Visual: ${count(rows.visual, "row")}`, note: "kept for the picture", cells: [cell("visual")] },
    { title: `Text: ${count(rows.text, "row")}`, note: "recovered for the question", cells: [cell("text")] },
    {
      title: `Merged: ${count(rows.merged, "row")}`,
      note: `${count(centers.length, "center")}, ${count(neighbors, "neighbor")}`,
      cells: [
        { ...cell("merged"), center: true },
        { ...cell("merged"), column: 1, share: 0.6 },
      ],
    },
    {
      title: `Residual: ${count(rows.residual, "row")}`,
      note: `${count(tokens.residual, "other token")}`,
      cells: [cell("residual")],
    },
    { title: `Dropped: ${count(tokens.dropped, "token")}`, note: "in no row", cells: [cell("dropped")] },
    ...(largest > 1 ? [mass] : []),
  ];
}

/** Whole tokens from ten on, hundredths below. */
function shownMass(mass: number): number {
  return Number(mass < 10 ? mass.toFixed(2) : Math.round(mass).toPrecision(6));
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}
