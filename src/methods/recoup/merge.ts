/** @file The rows of a choice: what is left out goes into the coverage row that is most like it. */
import { type CompressionPlan, orderRows, ownRow, type PlanRow } from "../../core/index.js";
import { dot, type ResidentRows } from "../../math/index.js";
import type { Choice } from "./choose.js";

/** A sum of rows that nearly cancels, to less than this share of their norms, has no direction to lengthen. */
const CANCELED = 1e-3;

/**
 * The plan of the choice, in raster order. A coverage row is (1 - merging) · anchor + merging · mean(anchor and members), as long as the same mix
 * of their norms. Its members are the left out tokens to which it is the nearest pick. Those nearest to a text row are dropped: what the
 * question points at stays as it is.
 *
 * @param rows features of all tokens, and their `norms` `[N]`.
 */
export function mergedPlan(
  { picked, isText, nearest }: Choice,
  { rows, norms }: { readonly rows: ResidentRows; readonly norms: Float64Array },
  merging: number,
): CompressionPlan {
  const members: number[][] = Array.from(picked, (id) => [id]);
  for (let token = 0; token < nearest.length; token++) {
    const position = nearest[token];
    if (picked[position] !== token && !isText[position] && merging > 0) members[position].push(token);
  }
  const sum = new Float32Array(rows.dim);
  const planRows = members.map((sources, position): PlanRow => {
    const anchor = picked[position];
    if (isText[position]) return ownRow("text", anchor);
    if (sources.length === 1) return ownRow("visual", anchor);
    const weights = new Float32Array(sources.length).fill(merging / sources.length);
    weights[0] += 1 - merging;
    rows.weightedSum(Uint32Array.from(sources), weights, sum);
    const wanted = sources.reduce((total, id, i) => total + weights[i] * norms[id], 0);
    const norm = Math.sqrt(dot(sum, 0, sum, 0, sum.length));
    const scale = wanted > 0 && norm > CANCELED * wanted ? wanted / norm : 1;
    return { role: "merged", anchor, sources, weights: weights.map((weight) => weight * scale) };
  });
  return orderRows(planRows, rows.count, "grid");
}
