import {
  type CompressionPlan,
  type MethodOptions,
  orderRows,
  ownRow,
  type PlanRow,
  shape,
  type TableWith,
} from "../core/index.js";
import { type Kernels, topK, upperOutliers } from "../math/index.js";
import { type Decision, defineDynamicMethod } from "./define-method.js";
import { nearestRows } from "./shared/nearest-rows.js";
import { without } from "./shared/plan-rows.js";

/** Options of `prumerge` and `prumerge-plus`. */
export interface PruMergeOptions extends MethodOptions {
  /** Neighbors that one center takes in, at least 0; default 32, as released. With fewer candidates all are taken. */
  readonly neighbors?: number;
}

type Needs = "keys" | "clsAttention";

const OPTIONS = {
  neighbors: shape.described(shape.count, "neighbors that one center takes in; with fewer candidates all of them", 32),
};

/**
 * Keeps the tokens whose CLS attention is an interquartile outlier; each takes in its nearest tokens, and one row more holds
 * all others.
 *
 * Formula: outlier iff a > Q3 + 1.5 (Q3 - Q1), quartiles by linear interpolation; K = trunc(N · outliers / N); row_i = x_i +
 * Σ a_j x_j over the 32 nearest keys by cosine; residual = Σ a_j x_j over all that are no center. Order: centers by descending
 * attention, then the residual.
 * Source: LLaVA-PruMerge, arXiv 2403.15388; code 42Shawn/LLaVA-PruMerge (Apache-2.0).
 * Deviations: with fewer than 32 candidates all are taken (released: raises). A fixed budget of K rows gives the K - 1 tokens
 * with the highest attention and the residual (K = 1: one center).
 */
export const pruMerge = defineDynamicMethod<PruMergeOptions, Needs, "neighbors">({
  id: "prumerge",
  summary: "outliers of CLS attention with their nearest tokens merged in; finds its own number of rows",
  reference: "LLaVA-PruMerge, arXiv 2403.15388",
  needs: ["keys", "clsAttention"],
  options: OPTIONS,
  choose(decision, options) {
    const { table, retain } = decision;
    const count = retain === undefined ? dynamicCount(table) : Math.max(1, retain - 1);
    return mergedPlan(decision, topK(table.clsAttention, count), options);
  },
});

/**
 * As `prumerge`, with evenly spaced tokens as further centers.
 *
 * Formula: step = trunc(1 / ratio), stride = trunc(step / 3); grid = 0, stride, 2 stride, … below N - 1, without the outliers.
 * Order: outliers by descending attention, grid ascending, residual.
 * Source: as `prumerge`, its "+" variant.
 * Deviations: as `prumerge`; without any outlier the ratio is taken as 1 / N (released: divides by 0). A fixed budget of K
 * rows gives outliers to at most a quarter of the centers (the released proportion, at least one), the others evenly
 * spaced among the remaining tokens, and the residual.
 */
export const pruMergePlus = defineDynamicMethod<PruMergeOptions, Needs, "neighbors">({
  id: "prumerge-plus",
  summary: "prumerge with evenly spaced tokens as further centers; finds its own number of rows",
  reference: "LLaVA-PruMerge+, arXiv 2403.15388",
  needs: ["keys", "clsAttention"],
  mass: "count",
  options: OPTIONS,
  choose(decision, options) {
    const { table, retain } = decision;
    const outliers = dynamicCount(table);
    if (retain !== undefined) {
      const centers = Math.max(1, retain - 1);
      const top = topK(table.clsAttention, Math.max(1, Math.min(outliers, Math.round(centers / 4))));
      const left = without(table.source, top);
      const spread = centers - top.length;
      // The middle of each of `spread` equal parts.
      const grid = Uint32Array.from({ length: spread }, (_, i) => left[Math.floor(((i + 0.5) * left.length) / spread)]);
      return mergedPlan(decision, Uint32Array.of(...top, ...grid), options);
    }
    const top = topK(table.clsAttention, outliers);
    const ratio = Math.max(1, upperOutliers(table.clsAttention)) / table.count;
    const stride = Math.max(1, Math.trunc(Math.trunc(1 / ratio) / 3));
    // Below N - 1: the released code leaves out the last raster position.
    const grid = without(table.source, top).filter((id) => id % stride === 0 && id < table.count - 1);
    return mergedPlan(decision, Uint32Array.of(...top, ...grid), options);
  },
});

/** trunc(N · ratio) in double precision as released: at some N one is lost. */
function dynamicCount({ clsAttention, count }: TableWith<Needs>): number {
  return Math.trunc(count * (upperOutliers(clsAttention) / count));
}

/** The centers with their neighbors, then all that is no center. */
function mergedPlan(
  { table, retain, kernels }: Decision<Needs, number | undefined>,
  centers: Uint32Array,
  { neighbors }: Required<Pick<PruMergeOptions, "neighbors">>,
): CompressionPlan {
  const rows = centerRows(table, centers, Math.min(neighbors, table.count - 1), kernels);
  const rest = without(table.source, centers);
  if (rest.length > 0 && retain !== 1) rows.push(residual(table, rest));
  return orderRows(rows, table.count, "append");
}

function centerRows(table: TableWith<Needs>, centers: Uint32Array, count: number, kernels: Kernels): PlanRow[] {
  if (count === 0) return Array.from(centers, (center) => ownRow("visual", center));
  const lists = kernels.withRows(table.keys, (rows) => nearestRows(rows, table.source, centers, { count }));
  return Array.from(centers, (center, i) => ({
    role: "merged",
    anchor: center,
    sources: Uint32Array.of(center, ...lists[i]),
    weights: Float32Array.of(1, ...Array.from(lists[i], (id) => table.clsAttention[id])),
  }));
}

/** Stands at the token with the highest attention. */
function residual({ clsAttention }: TableWith<Needs>, rest: Uint32Array): PlanRow {
  const weights = Float32Array.from(rest, (id) => clsAttention[id]);
  return { role: "residual", anchor: rest[topK(weights, 1)[0]], sources: rest, weights };
}
