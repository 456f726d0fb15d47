import { argMax } from "../math/index.js";
import { defineMethod } from "./define-method.js";
import { centered } from "./shared/centering.js";
import { type Cosines, openCosines } from "./shared/cosines.js";
import { keepTokens } from "./shared/plan-rows.js";
import { minMax, textRelevance } from "./shared/relevance.js";

/**
 * Keeps tokens that are relevant to the question and unlike each other: greedy maximization of a determinantal point
 * process.
 *
 * Formula: r = min-max of polarity · similarity; L_ij = r_i cos(x_i, x_j) r_j; greedy argmax of log det L_S by incremental
 * Cholesky: d²_i = L_ii; pick j = argmax d²; e = (L_j - Σ_s c_s[j] c_s) / d_j; d² -= e². O(N K (C + K)), no N x N matrix.
 * Source: CDPruner, arXiv 2506.10967; code Theia-4869/CDPruner (Apache-2.0).
 * Deviations: the table's polarity (released: -1, as in CLIP's towers patches inside the named object score low); kernel from `features` as given (released: projector outputs); equal similarities give relevance 1 to all
 * (released: divides by 0); once the kept tokens span all others, the rest of the budget goes by relevance (released: NaN, and
 * repeated ids).
 */
export const cdPruner = defineMethod({
  id: "cdpruner",
  summary: "K tokens relevant to the question and unlike each other (greedy DPP)",
  reference: "CDPruner, arXiv 2506.10967",
  needs: ["features", "textSimilarity"],
  // Few rows stand for tokens that are little like them: at 16, counts would make them too loud (docs/results/places-and-mass.md).
  mass: "cosine",
  choose({ table, retain, kernels }) {
    const relevance = minMax(Float64Array.from(textRelevance(table)));
    const kept = kernels.withRows(table.features, (rows) => greedyDpp(openCosines(rows), relevance, retain));
    return keepTokens(kept, table.count);
  },
});

/**
 * CDPruner with its geometry corrected: the kernel of centered rows, and relevance times quality. Where a table has no `textSimilarity`, quality alone.
 *
 * Formula: as `cdpruner` with cos(x_i - mean x, x_j - mean x) and r_i g_i, where g = min-max of -mean_j cos(x_i, x_j); r = 1 without text.
 * Source: Cen-Prune ("Centering before Pruning", 2026; formulas only) on CDPruner, arXiv 2506.10967. Meant for a tower's tokens before any merger.
 */
export const cdPrunerCen = defineMethod({
  id: "cdpruner-cen",
  summary:
    "K tokens untypical, relevant to the question where there is any, and unlike each other about their mean (cdpruner, centered)",
  reference: "Cen-Prune, 2026 (formulas only), on CDPruner, arXiv 2506.10967",
  needs: ["features"],
  uses: ["textSimilarity"],
  mass: "cosine",
  choose({ table, retain, kernels }) {
    const { features, quality } = centered(table.features, kernels);
    const { textSimilarity } = table;
    const relevance =
      textSimilarity === undefined
        ? quality
        : minMax(Float64Array.from(textRelevance({ ...table, textSimilarity }))).map((each, i) => each * quality[i]);
    const kept = kernels.withRows(features, (rows) => greedyDpp(openCosines(rows), relevance, retain));
    return keepTokens(kept, table.count);
  },
});

/** Below this share of the largest first gain what is left of a token is rounding error of float32 cosines. */
const EXHAUSTED = 1e-6;

/** Greedy MAP of the DPP with kernel relevance · cosine · relevance. @returns `retain` distinct ids, in order of choice. */
function greedyDpp(cosines: Cosines, relevance: Float64Array, retain: number): Uint32Array {
  const { count } = cosines;
  const picked = new Uint32Array(retain);
  const basis: Float64Array[] = [];
  const gains = relevance.map((value) => value * value);
  let floor = 0;
  for (let t = 0; t < retain; t++) {
    const j = argMax(gains);
    if (t === 0) floor = EXHAUSTED * gains[j];
    if (gains[j] <= floor) return fillByRelevance(picked, t, relevance);
    picked[t] = j;
    const row = cosines.row(j);
    const next = new Float64Array(count);
    for (let i = 0; i < count; i++) next[i] = relevance[j] * row[i] * relevance[i];
    for (const vector of basis) {
      const share = vector[j];
      for (let i = 0; i < count; i++) next[i] -= share * vector[i];
    }
    const inverse = 1 / Math.sqrt(gains[j]);
    for (let i = 0; i < count; i++) {
      next[i] *= inverse;
      gains[i] -= next[i] * next[i];
    }
    gains[j] = -Infinity;
    basis.push(next);
  }
  return picked;
}

/** Fills the places from `start` on with the most relevant ids not picked yet, ties to the lower id. */
function fillByRelevance(picked: Uint32Array, start: number, relevance: Float64Array): Uint32Array {
  const left = relevance.slice();
  for (let t = 0; t < start; t++) left[picked[t]] = -Infinity;
  for (let t = start; t < picked.length; t++) {
    picked[t] = argMax(left);
    left[picked[t]] = -Infinity;
  }
  return picked;
}
