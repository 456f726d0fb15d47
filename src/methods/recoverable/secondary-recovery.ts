/**
 * Step 3, secondary recovery: what neither filter took is clustered around centers, and each cluster becomes one row.
 */
import { OfficialFailureError, type PlanRow } from "../../core/index.js";
import { type ResidentRows, topK } from "../../math/index.js";
import { nearestRows } from "../shared/nearest-rows.js";
import type { Rules, ScoreTable } from "./options.js";
import { outlierScale, type Scale } from "./outlier-scale.js";
import { at, complement } from "./selection.js";

/** Centers among the rest, as positions in it. */
export interface Centers {
  /** Positions in the rest, highest attention first, `[m]`. */
  readonly ranked: Uint32Array;
  /** All other positions, ascending. */
  readonly others: Uint32Array;
  readonly scale?: Scale;
}

/**
 * The centers: the tokens of the rest with the highest CLS attention, as many as its attention has outliers.
 *
 * `paper`: the number of high outliers. `official`: trunc(C · ratio) with C the feature width, since the released code
 * reuses the name N for it. `official-alt`: trunc(N · ratio), N all tokens.
 *
 * @param rest the tokens that no filter took.
 * @param width feature width C.
 * @param count takes this many instead.
 * @throws OfficialFailureError where the released top-k asks for more centers than there are tokens.
 */
export function chooseCenters(rest: ScoreTable, width: number, rules: Rules, count?: number): Centers {
  if (count !== undefined) return centersOf(rest, count);
  const stage = "outlier factor of the rest's attention";
  const scale = outlierScale(rest.clsAttention, rules.outlierNeighbors.rest, rules, stage);
  if (rules.variant === "paper") return centersOf(rest, scale.outliers, scale);
  const dynamic = Math.trunc((rules.variant === "official" ? width : rest.sourceCount) * scale.ratio);
  if (dynamic > rest.count) {
    throw new OfficialFailureError({
      operation: `recoverable/${rules.variant}`,
      stage: "center top-k",
      expected: `at most ${rest.count} centers among the rest (torch.topk raises)`,
      got: String(dynamic),
    });
  }
  return centersOf(rest, dynamic, scale);
}

function centersOf(rest: ScoreTable, count: number, scale?: Scale): Centers {
  const ranked = topK(rest.clsAttention, count);
  return { ranked, others: complement(rest.count, ranked), scale };
}

/**
 * For each center its nearest others, best first: the largest cosine of keys + textWeight · similarity, ties to the lower id.
 *
 * The official variants read the key of position p within the rest at row p of the full key matrix, not at the row of its
 * source token: the released code reduces features and scores to the rest, but not the keys.
 *
 * @param keys of all tokens, `[N, Ck]`.
 * @returns positions in the rest, `[m]` lists of min(mergeNeighbors, n - 1).
 * @throws OfficialFailureError where the released top-k asks for more neighbors than there are.
 */
export function chooseNeighbors(rest: ScoreTable, centers: Centers, keys: ResidentRows, rules: Rules): Uint32Array[] {
  const { ranked } = centers;
  const wanted = neighborCount(rest, centers, rules);
  const keyRows = rules.variant === "paper" ? rest.source : Uint32Array.from(rest.source, (_, position) => position);
  const bonus = Float64Array.from(rest.textSimilarity);
  for (let p = 0; p < bonus.length; p++) bonus[p] *= rules.textWeight;
  return nearestRows(keys, keyRows, ranked, { count: wanted, bonus });
}

function neighborCount(rest: ScoreTable, { ranked }: Centers, rules: Rules): number {
  const candidates = rest.count - 1;
  if (ranked.length > 0 && rules.variant !== "paper" && candidates < rules.mergeNeighbors) {
    throw new OfficialFailureError({
      operation: `recoverable/${rules.variant}`,
      stage: "neighbor top-k",
      expected: `at least ${rules.mergeNeighbors} candidates per center (torch.topk raises)`,
      got: String(candidates),
    });
  }
  return Math.min(rules.mergeNeighbors, candidates);
}

/**
 * One row per center. `sum`: center + Σ attention · neighbor. `mean`: the attention-weighted mean of center and neighbors.
 *
 * @param neighbors positions in the rest, one list per center.
 */
export function mergeNeighbors(
  rest: ScoreTable,
  centers: Centers,
  neighbors: readonly Uint32Array[],
  rules: Rules,
): PlanRow[] {
  return Array.from(centers.ranked, (center, i) => {
    const members = new Uint32Array(neighbors[i].length + 1);
    members[0] = center;
    members.set(neighbors[i], 1);
    const weights = attentionAt(rest, members);
    if (rules.merge === "mean") normalize(weights);
    else weights[0] = 1;
    return { role: "merged", anchor: rest.source[center], sources: at(rest.source, members), weights };
  });
}

/**
 * One row for all that is no center: Σ attention · token (`sum`) or their attention-weighted mean (`mean`). It stands at the
 * token with the highest attention. Undefined where there is no such token.
 */
export function residualRow(rest: ScoreTable, centers: Centers, rules: Rules): PlanRow | undefined {
  const { others } = centers;
  if (others.length === 0) return undefined;
  const weights = attentionAt(rest, others);
  const [heaviest] = topK(weights, 1);
  if (rules.merge === "mean") normalize(weights);
  return {
    role: "residual",
    anchor: rest.source[others[heaviest]],
    sources: at(rest.source, others),
    weights,
  };
}

/** Attention of the given positions of the rest. */
function attentionAt({ clsAttention }: ScoreTable, positions: Uint32Array): Float32Array {
  const out = new Float32Array(positions.length);
  for (let i = 0; i < positions.length; i++) out[i] = clsAttention[positions[i]];
  return out;
}

/** Divides by the sum; equal weights where all are 0. */
function normalize(weights: Float32Array): void {
  const sum = weights.reduce((a, b) => a + b, 0);
  for (let i = 0; i < weights.length; i++) weights[i] = sum > 0 ? weights[i] / sum : 1 / weights.length;
}
