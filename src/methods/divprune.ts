import { argMax, type ResidentRows } from "../math/index.js";
import { defineMethod } from "./define-method.js";
import { centered } from "./shared/centering.js";
import { type Cosines, openCosines, storedCosines } from "./shared/cosines.js";
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
    kernels.withRows(table.features, (rows) => keepTokens(farthestFirst(rows, retain), table.count)),
});

/**
 * DivPrune with its geometry corrected: distances between centered rows, and the gain of a token times its quality, so that what is like everything
 * is not kept for being far from what is kept.
 *
 * Formula: c_i = x_i - mean x; g = min-max of -mean_j cos(x_i, x_j); picks argmax of g_i min_{s kept} (1 - cos(c_i, c_s)), the first with
 * min_{j ≠ i}. No text. Source: Cen-Prune ("Centering before Pruning", 2026; formulas only) on DivPrune, arXiv 2503.02175. Meant for a
 * tower's tokens before any merger.
 */
export const divPruneCen = defineMethod({
  id: "divprune-cen",
  summary: "K tokens far from each other about their mean, untypical ones first (divprune, centered)",
  reference: "Cen-Prune, 2026, on DivPrune, arXiv 2503.02175 (formulas only)",
  needs: ["features"],
  mass: "count",
  choose({ table, retain, kernels }) {
    const { features, quality } = centered(table.features, kernels);
    return kernels.withRows(features, (rows) => keepTokens(farthestFirst(rows, retain, quality), table.count));
  },
});

/** Picks by max-min distance, times the quality where there is any; the first by the distance to its nearest neighbor. */
function farthestFirst(rows: ResidentRows, retain: number, quality?: Float64Array): number[] {
  const kept: number[] = [];
  const cosines = rows.count <= STORED_TOKENS ? storedCosines(rows) : openCosines(rows);
  const closeness = neighborCosines(cosines).map((cosine) => -cosine);
  for (let pick = 0; pick < retain; pick++) {
    const next = argMax(quality === undefined ? closeness : closeness.map((each, i) => times(1 + each, quality[i])));
    kept.push(next);
    const row = cosines.row(next);
    for (let i = 0; i < row.length; i++) {
      // The first pick replaces the distances to the own neighbors by those to the kept.
      const distance = -row[i];
      if (pick === 0 || distance < closeness[i]) closeness[i] = distance;
    }
    for (const id of kept) closeness[id] = -Infinity;
  }
  return kept;
}

/** A kept token's gain stays what it is, also at quality 0. */
function times(gain: number, quality: number): number {
  return gain === -Infinity ? gain : gain * quality;
}

/** Largest cosine of each token to any other; the smallest of these is farthest from its neighbor. `[N]`. */
function neighborCosines({ count, eachPair }: Cosines): Float32Array {
  const nearest = new Float32Array(count).fill(-Infinity);
  eachPair((i, later) => {
    for (let offset = 0; offset < later.length; offset++) {
      const cosine = later[offset];
      const j = i + 1 + offset;
      if (cosine > nearest[i]) nearest[i] = cosine;
      if (cosine > nearest[j]) nearest[j] = cosine;
    }
  });
  return nearest;
}
