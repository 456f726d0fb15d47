import { argMax } from "../math/index.js";
import { defineMethod } from "./define-method.js";
import { openCosines, storedCosines } from "./shared/cosines.js";
import { keepTokens } from "./shared/plan-rows.js";

/** Up to here the N x N cosines are kept (64 MiB), since the first pick needs them all; beyond, rows are computed again. */
const STORED_TOKENS = 4096;

/**
 * Keeps tokens that are far from each other: first the one whose nearest neighbor is farthest, then again and again the one
 * farthest from all kept.
 *
 * Formula: d(i, j) = 1 - cos(x_i, x_j); first argmax_i min_{j ≠ i} d(i, j), then argmax_i min_{s kept} d(i, s). No text.
 * Source: DivPrune, arXiv 2503.02175 (the code's license is non-commercial: formula only).
 * Deviations: kept tokens cannot be picked again (the released code relies on their distance of 0, so exact duplicates may
 * repeat); distances between `features` before the projector, not after it; a zero row has distance 1 to all.
 */
export const divPrune = defineMethod({
  id: "divprune",
  summary: "K tokens far from each other (max-min distance)",
  reference: "DivPrune, arXiv 2503.02175 (formula only)",
  needs: ["features"],
  mass: "count",
  choose: ({ table, retain, kernels }) =>
    kernels.withRows(table.features, (rows) => {
      const { count } = table;
      const cosines = count <= STORED_TOKENS ? storedCosines(rows) : openCosines(rows);
      // Largest cosine to any other token; the smallest of these is farthest from its neighbor.
      const nearest = new Float32Array(count).fill(-Infinity);
      cosines.eachPair((i, later) => {
        for (let offset = 0; offset < later.length; offset++) {
          const cosine = later[offset];
          const j = i + 1 + offset;
          if (cosine > nearest[i]) nearest[i] = cosine;
          if (cosine > nearest[j]) nearest[j] = cosine;
        }
      });
      return keepTokens(farthestFirst(nearest, retain, cosines.row), count);
    }),
});

/** Picks by max-min distance, the first by `start`; all in terms of largest cosines, which are smallest distances. */
function farthestFirst(start: Float32Array, retain: number, rowOf: (i: number) => Float32Array): number[] {
  const kept: number[] = [];
  const closeness = start.map((cosine) => -cosine);
  for (let pick = 0; pick < retain; pick++) {
    const next = argMax(closeness);
    kept.push(next);
    const row = rowOf(next);
    for (let i = 0; i < row.length; i++) {
      // The first pick replaces the distances to the own neighbors by those to the kept.
      const distance = -row[i];
      if (pick === 0 || distance < closeness[i]) closeness[i] = distance;
    }
    for (const id of kept) closeness[id] = -Infinity;
  }
  return kept;
}
