/** @file `recoup/viz`: drawings of compression plans as SVG text, and their cells as data. */
export {
  CELL_ROLES,
  type CellRole,
  cellCounts,
  type MergeLink,
  mergeLinks,
  mergeShares,
  type PlanCell,
  type PlanCellEntry,
  type PlanImage,
  type PlanSignals,
  type PlanSvgOptions,
  planCells,
  planToSvg,
  ROLE_COLORS,
  viridis,
} from "./index.js";
