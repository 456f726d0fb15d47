/** @file The plan seen from the source side, as plain data for a drawing or a page. */
import { assertPlan, type CompressionPlan, planRows, type Role, refusalFor, shape } from "../core/index.js";

/** Role of a source token in a drawing of the plan; `dropped`: it stands in no output row. */
export type CellRole = Role | "dropped";

/** All cell roles, in the order in which they win over each other and stand in the legend. */
export const CELL_ROLES: readonly CellRole[] = ["visual", "text", "merged", "residual", "dropped"];

/** One output row that a source token stands in. */
export interface PlanCellEntry {
  /** Position of the output row. */
  readonly row: number;
  readonly role: Role;
  /** Weight of the token in the row. */
  readonly weight: number;
}

/** One source token. */
export interface PlanCell {
  /** Id of the token. */
  readonly source: number;
  /** The first of `CELL_ROLES` among the rows it stands in. */
  readonly role: CellRole;
  /** Whether it is the center (anchor) of a merged row. */
  readonly center: boolean;
  /** The row that `role` comes from: of several, the one with the largest |weight| (ties: the lower row). -1 when dropped. */
  readonly row: number;
  /** Its weight in that row, 0 when dropped. */
  readonly weight: number;
  /** Every row it stands in, ascending. */
  readonly entries: readonly PlanCellEntry[];
}

/** A line from the center of a merged row to one of its neighbors. */
export interface MergeLink {
  /** Position of the merged row. */
  readonly row: number;
  /** Source id of the center. */
  readonly center: number;
  /** Source id of the neighbor. */
  readonly neighbor: number;
  /** |weight| / largest |weight| among the row's neighbors, 0 to 1. */
  readonly strength: number;
}

/**
 * Role and rows of each source token, `[N]`. The rows' entries decide, not their anchors. An anchor that is no entry of its row is
 * a center all the same, with the role that entries give it.
 */
export function planCells(plan: CompressionPlan): PlanCell[] {
  assertPlan("planCells", plan);
  const entries = Array.from({ length: plan.sourceCount }, (): PlanCellEntry[] => []);
  const centers = new Set<number>();
  for (const [row, { role, anchor, sources, weights }] of planRows(plan).entries()) {
    if (role === "merged") centers.add(anchor);
    for (let e = 0; e < sources.length; e++) entries[sources[e]].push({ row, role, weight: weights[e] });
  }
  return entries.map((own, source) => ({ source, center: centers.has(source), ...dominant(own), entries: own }));
}

/** Number of source tokens of each cell role; the counts sum to N. */
export function cellCounts(cells: readonly PlanCell[]): Record<CellRole, number> {
  const cell = shape.object({ role: shape.oneOf(...CELL_ROLES) });
  shape.shaped(cells, shape.list(cell), refusalFor("cellCounts"));
  const counts: Record<CellRole, number> = { visual: 0, text: 0, merged: 0, residual: 0, dropped: 0 };
  for (const { role } of cells) counts[role]++;
  return counts;
}

/**
 * Share of each token that went into merged rows, `[N]`, 0 to 1. It is the sum of its link strengths over merged rows, divided by
 * the largest such sum. Centers count in the rows of other centers only.
 */
export function mergeShares(plan: CompressionPlan): Float64Array {
  assertPlan("mergeShares", plan);
  const shares = new Float64Array(plan.sourceCount);
  for (const { neighbor, strength } of mergeLinks(plan)) shares[neighbor] += strength;
  const largest = shares.reduce((a, b) => Math.max(a, b), 0);
  return largest > 0 ? shares.map((share) => share / largest) : shares;
}

/** The links of all merged rows, row by row, the strongest first (ties: the lower source id). */
export function mergeLinks(plan: CompressionPlan): MergeLink[] {
  assertPlan("mergeLinks", plan);
  return planRows(plan).flatMap(({ role, anchor, sources, weights }, row) => {
    if (role !== "merged") return [];
    const entries = Array.from(sources, (source, e) => ({ source, weight: Math.abs(weights[e]) }));
    const neighbors = entries.filter(({ source }) => source !== anchor);
    neighbors.sort((a, b) => b.weight - a.weight || a.source - b.source);
    return neighbors.map(({ source, weight }) => {
      const strength = neighbors[0].weight > 0 ? weight / neighbors[0].weight : 0;
      return { row, center: anchor, neighbor: source, strength };
    });
  });
}

function dominant(entries: readonly PlanCellEntry[]): Pick<PlanCell, "role" | "row" | "weight"> {
  const rank = ({ role }: PlanCellEntry) => CELL_ROLES.indexOf(role);
  const ranked = entries.toSorted((a, b) => rank(a) - rank(b) || Math.abs(b.weight) - Math.abs(a.weight));
  const [{ role, row, weight } = { role: "dropped" as const, row: -1, weight: 0 }] = ranked;
  return { role, row, weight };
}
