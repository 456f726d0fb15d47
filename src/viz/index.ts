/** @file Drawings of compression plans: SVG text, cells as data, colors. */
export { ROLE_COLORS, viridis } from "./colors.js";
export { escapeXml } from "./markup.js";
export {
  CELL_ROLES,
  type CellRole,
  cellCounts,
  type MergeLink,
  mergeLinks,
  mergeShares,
  type PlanCell,
  type PlanCellEntry,
  planCells,
} from "./plan-cells.js";
export type { PlanSignals } from "./plan-input.js";
export type { PlanImage } from "./plan-layer.js";
export { type PlanSvgOptions, planToSvg } from "./plan-svg.js";
