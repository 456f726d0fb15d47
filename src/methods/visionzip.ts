import { type MethodOptions, orderRows, ownRow, type PlanRow, refusalFor, shape } from "../core/index.js";
import { type Matrix, type ResidentRows, topK } from "../math/index.js";
import { defineMethod } from "./define-method.js";
import { inverseNorms } from "./shared/nearest-rows.js";
import { without } from "./shared/plan-rows.js";

/** Options of `visionzip`. */
export interface VisionZipOptions extends MethodOptions {
  /** Share of the rows that are contextual, 0 to 1; at least one row from K = 2 on. Default 10/64, as released (54 + 10). */
  readonly contextualShare?: number;
  /**
   * Attention heads in `keys`: the metric is their mean, as released. Default 1: the keys are the metric as given.
   */
  readonly heads?: number;
}

/**
 * Keeps the tokens with the highest CLS attention (dominant) and merges the others into evenly spaced targets (contextual).
 *
 * Formula: dominant = top a; of the n others every floor(n / c)-th is a target; each remaining one goes to the target with the
 * most similar metric; contextual_t = x_t + mean of those that went to t.
 * Source: VisionZip, arXiv 2412.04467; code JIA-Lab-research/VisionZip (Apache-2.0).
 * Deviations: the class token is no row (released: it counts as a dominant token); a zero metric goes to the first target
 * (released: NaN). Dominant rows have role `visual`, contextual ones `merged`.
 */
export const visionZip = defineMethod<VisionZipOptions, "clsAttention" | "keys", "contextualShare" | "heads">({
  id: "visionzip",
  summary: "tokens with the highest CLS attention, the others merged into evenly spaced ones",
  reference: "VisionZip, arXiv 2412.04467",
  needs: ["clsAttention", "keys"],
  mass: "count",
  options: {
    contextualShare: shape.described(
      shape.range(0, 1),
      "share of the rows that are contextual, at least one from 2 rows on; 10 of 64 as released",
      10 / 64,
    ),
    heads: shape.described(
      shape.integer(1),
      "attention heads in the keys: the metric is their mean, as released; 1: the keys as they are",
      1,
    ),
  },
  choose({ table, retain, kernels }, { contextualShare, heads }) {
    const contextual = retain === 1 ? 0 : Math.min(retain, Math.max(1, Math.round(retain * contextualShare)));
    const dominant = topK(table.clsAttention, retain - contextual).sort();
    const rest = without(table.source, dominant);
    const step = Math.max(1, Math.floor(rest.length / Math.max(1, contextual)));
    const targets = rest.filter((_, position) => position % step === 0 && position < step * contextual);
    const sources = without(rest, targets);
    const assigned = kernels.withRows(headMean(table.keys, heads), (rows) => assign(rows, sources, targets));
    const members = (t: number) => sources.filter((_, s) => assigned[s] === t);
    const merged = Array.from(targets, (target, t) => contextualRow(target, members(t)));
    return orderRows([...Array.from(dominant, (id) => ownRow("visual", id)), ...merged], table.count, "append");
  },
});

/** For each source the position of the target with the largest cosine, ties to the lower. `[sources]`. */
function assign(rows: ResidentRows, sources: Uint32Array, targets: Uint32Array): Uint32Array {
  const norms = inverseNorms(rows);
  const dots = new Float32Array(targets.length * sources.length);
  rows.dots(targets, sources, dots);
  const best = new Float64Array(sources.length).fill(-Infinity);
  const assigned = new Uint32Array(sources.length);
  for (let t = 0; t < targets.length; t++) {
    for (let s = 0; s < sources.length; s++) {
      // The source's own norm is the same for all targets.
      const similarity = dots[t * sources.length + s] * norms[targets[t]];
      if (similarity > best[s]) {
        best[s] = similarity;
        assigned[s] = t;
      }
    }
  }
  return assigned;
}

function contextualRow(target: number, members: Uint32Array): PlanRow {
  return {
    role: "merged",
    anchor: target,
    sources: [target, ...members],
    weights: [1, ...Array.from(members, () => 1 / members.length)],
  };
}

/** Mean over heads of keys that hold all heads side by side. @returns `[N, Ck / heads]`. */
function headMean(keys: Matrix, heads: number): Matrix {
  if (heads === 1) return keys;
  if (keys.dim % heads !== 0) throw refusalFor("visionzip")(`heads that divide the key width ${keys.dim}`, heads);
  const dim = keys.dim / heads;
  const data = new Float32Array(keys.count * dim);
  for (let row = 0; row < keys.count; row++) {
    for (let c = 0; c < dim; c++) {
      let sum = 0;
      for (let head = 0; head < heads; head++) sum += keys.data[row * keys.dim + head * dim + c];
      data[row * dim + c] = sum / heads;
    }
  }
  return { data, count: keys.count, dim };
}
