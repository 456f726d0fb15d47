/** @file Plans and rows that several methods make. */
import { type CompressionPlan, orderRows, ownRow, type PlanRow, type Role } from "../../core/index.js";

/** The plan of a method that only drops: the given tokens, distinct and in any order, as they are, in raster order. */
export function keepTokens(ids: ArrayLike<number>, sourceCount: number, role: Role = "visual"): CompressionPlan {
  const rows = Array.from(ids, (id) => ownRow(role, id));
  return orderRows(rows, sourceCount, "grid");
}

/** The mean of tokens, standing at one of them; of a single token that token, role `visual`. */
export function meanRow(anchor: number, sources: readonly number[]): PlanRow {
  if (sources.length === 1) return ownRow("visual", anchor);
  return { role: "merged", anchor, sources, weights: sources.map(() => 1 / sources.length) };
}

/** The ids that are not taken, in their order. */
export function without(ids: Uint32Array, taken: Uint32Array): Uint32Array {
  const set = new Set(taken);
  return ids.filter((id) => !set.has(id));
}
