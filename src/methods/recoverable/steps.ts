/** @file The four steps of Recoverable Compression in the paper's order, with everything that they decide on the way. */
import {
  type CompressionPlan,
  onlySignals,
  orderRows,
  ownRow,
  type PlanRow,
  type Signal,
  type TableWith,
  take,
} from "../../core/index.js";
import { type ResidentRows, topK } from "../../math/index.js";
import type { Decision } from "../define-method.js";
import { nearestRows } from "../shared/nearest-rows.js";
import { without } from "../shared/plan-rows.js";
import { textRelevance } from "../shared/relevance.js";
import type { Rules, ScoreTable } from "./options.js";
import { outlierScale, released, type Scale, type Shares, scaleShares } from "./shares.js";

/** The signals that `recoverable` reads. */
export type RecoverableTable = TableWith<"features" | "keys" | "clsAttention" | "textSimilarity">;

/** Tokens that a step chose. */
export interface Selection {
  /** Source ids, ascending, `[n]`. */
  readonly source: Uint32Array;
  /** The same ids, best score first, `[n]`. */
  readonly ranked: Uint32Array;
  /** The outlier factors behind their number; absent where the number was given. */
  readonly scale?: Scale;
}

/** Tokens of step 2, and from which scores. */
export interface TextRecovery extends Selection {
  /** `official` only: the similarities with those of the visual tokens set to the minimum, `[N]`. */
  readonly masked?: Float32Array;
}

/** Centers among the rest, as positions in it. */
export interface Centers {
  /** Highest attention first, `[m]`. */
  readonly ranked: Uint32Array;
  /** All other positions, ascending. */
  readonly others: Uint32Array;
  readonly scale?: Scale;
}

/** Tokens of steps 1 and 2, and the centers that step 3 chose of the rest. */
export interface Choice {
  readonly visual: Selection;
  readonly text: TextRecovery;
  /** Source ids that neither filter took, ascending, `[n]`. */
  readonly rest: Uint32Array;
  readonly centers: Centers;
}

/** Everything the method decided, for explanation and for comparison with the released code. */
export interface RecoverableSteps extends Choice {
  /** For each center its neighbors as positions in `rest`, best first. */
  readonly neighbors: readonly Uint32Array[];
  readonly plan: CompressionPlan;
}

/** What is asked for: all tokens, and how many rows. */
type Asked = Decision<keyof RecoverableTable & Signal, number | undefined>;

/** Runs all four steps. */
export function runSteps(asked: Asked, rules: Rules): RecoverableSteps {
  const { table, kernels } = asked;
  const columns: ScoreTable = onlySignals<"clsAttention" | "textSimilarity">(table, ["clsAttention", "textSimilarity"]);
  const scores: ScoreTable = { ...columns, textSimilarity: textRelevance(table), textPolarity: 1 };
  const { choice, withResidual } = decide(scores, rules, asked);
  const { centers } = choice;
  const rest = take(scores, choice.rest);
  const neighbors =
    centers.ranked.length === 0
      ? []
      : kernels.withRows(table.keys, (keys) => chooseNeighbors(rest, centers, keys, rules));
  const merged = mergeNeighbors(rest, centers, neighbors, rules);
  if (withResidual) merged.push(residualRow(rest, centers, rules));
  return { ...choice, neighbors, plan: mergeTokens(scores, choice, merged, rules) };
}

/** Chooses by the dynamic budget, and again with scaled shares where a fixed count or a bound asks for it. */
function decide(scores: ScoreTable, rules: Rules, { table, retain, min = 0, max = Infinity }: Asked) {
  const width = table.features.dim;
  const dynamic = choose(scores, width, rules);
  const { visual, text, centers } = dynamic;
  // The released `forward` drops the residual row where there is no center.
  const withResidual = centers.others.length > 0 && (rules.variant !== "official" || centers.ranked.length > 0);
  const merged = centers.ranked.length + Number(withResidual);
  const rows = visual.source.length + text.source.length + merged;
  const target = retain ?? Math.min(Math.max(rows, min), max);
  if (retain === undefined && target === rows) return { choice: dynamic, withResidual };
  const asked = { visual: visual.source.length, text: text.source.length, merged };
  const shares = scaleShares(asked, target);
  return { choice: choose(scores, width, rules, shares), withResidual: shares.merged > 0 };
}

/** Steps 1 and 2 and the centers. @param shares rows of each kind, where the outlier factors do not decide. */
function choose(scores: ScoreTable, width: number, rules: Rules, shares?: Shares): Choice {
  let visual = filterVisual(scores.clsAttention, rules, shares?.visual);
  const text = recoverText(scores, visual, rules, shares?.text);
  if (rules.variant === "paper" && visual.source.length + text.source.length === 0) {
    // Nothing stands out: the token with the highest attention stays.
    visual = { ...filterVisual(scores.clsAttention, rules, 1), scale: visual.scale };
  }
  const rest = complement(scores.count, visual.source, text.source);
  const centers = chooseCenters(take(scores, rest), width, rules, shares && Math.max(0, shares.merged - 1));
  return { visual, text, rest, centers };
}

/**
 * Step 1, visual filter: the tokens that the class token attends to most, as many as its attention has outliers.
 *
 * `paper`: the number of high outliers. Official variants: trunc(N · ratio), outliers of both sides, in double precision as
 * released (at some N that loses one).
 *
 * @param clsAttention of all tokens, `[N]`.
 * @param count takes this many instead.
 */
function filterVisual(clsAttention: Float32Array, rules: Rules, count?: number): Selection {
  if (count !== undefined) return select(topK(clsAttention, count));
  const scale = outlierScale(clsAttention, rules.outlierNeighbors.visual, rules, "outlier factor of the CLS attention");
  const dynamic = rules.variant === "paper" ? scale.outliers : Math.trunc(clsAttention.length * scale.ratio);
  return select(topK(clsAttention, dynamic), scale);
}

/**
 * Step 2, text information recovery: of the tokens that the visual filter left, those that the question points at.
 *
 * `paper`: outlier factors over the tokens left; as many as have a high one. `official`: factors over all N similarities,
 * those of the visual tokens overwritten with the minimum; trunc((N - n_visual) · ratio) tokens. `official-alt`: factors
 * over all N untouched similarities; the top trunc(N · ratio) of all, of which visual ones are had already.
 *
 * @param table all tokens; high similarity means relevant.
 * @param visual the tokens of step 1.
 * @param count takes this many of the tokens left instead.
 */
function recoverText(table: ScoreTable, visual: Selection, rules: Rules, count?: number): TextRecovery {
  const scaleOf = (similarity: Float32Array) =>
    outlierScale(similarity, rules.outlierNeighbors.text, rules, "outlier factor of the text similarity");
  if (count === undefined && rules.variant === "official-alt") {
    const scale = scaleOf(table.textSimilarity);
    const best = topK(table.textSimilarity, Math.trunc(table.count * scale.ratio));
    return select(without(best, visual.source), scale);
  }
  const left = take(table, complement(table.count, visual.source));
  const bestLeft = (best: number) => at(left.source, topK(left.textSimilarity, best));
  if (count !== undefined) return select(bestLeft(count));
  if (rules.variant === "official") {
    const masked = maskVisual(table.textSimilarity, visual);
    const scale = scaleOf(masked);
    return { ...select(bestLeft(Math.trunc(left.count * scale.ratio)), scale), masked };
  }
  const scale = scaleOf(left.textSimilarity);
  return select(bestLeft(scale.outliers), scale);
}

function maskVisual(similarity: Float32Array, visual: Selection): Float32Array {
  const masked = similarity.slice();
  const lowest = similarity.reduce((a, b) => Math.min(a, b));
  for (const id of visual.source) masked[id] = lowest;
  return masked;
}

/**
 * Step 3, secondary recovery, clusters what neither filter took around centers: the tokens of the rest with the highest CLS
 * attention, as many as its attention has outliers.
 *
 * `paper`: the number of high outliers. `official`: trunc(C · ratio) with C the feature width, since the released code
 * reuses the name N for it. `official-alt`: trunc(N · ratio), N all tokens.
 *
 * @param rest the tokens that no filter took.
 * @param width feature width C.
 * @param count takes this many instead.
 * @throws OfficialFailureError where the released top-k asks for more centers than there are tokens.
 */
function chooseCenters(rest: ScoreTable, width: number, rules: Rules, count?: number): Centers {
  const centersOf = (count: number, scale?: Scale): Centers => {
    const ranked = topK(rest.clsAttention, count);
    return { ranked, others: complement(rest.count, ranked), scale };
  };
  if (count !== undefined) return centersOf(count);
  const stage = "outlier factor of the rest's attention";
  const scale = outlierScale(rest.clsAttention, rules.outlierNeighbors.rest, rules, stage);
  if (rules.variant === "paper") return centersOf(scale.outliers, scale);
  const dynamic = Math.trunc((rules.variant === "official" ? width : rest.sourceCount) * scale.ratio);
  if (dynamic <= rest.count) return centersOf(dynamic, scale);
  throw released(rules, "center top-k", `at most ${rest.count} centers among the rest (torch.topk raises)`, dynamic);
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
function chooseNeighbors(rest: ScoreTable, { ranked }: Centers, keys: ResidentRows, rules: Rules): Uint32Array[] {
  const [candidates, wanted] = [rest.count - 1, rules.mergeNeighbors];
  if (rules.variant !== "paper" && candidates < wanted) {
    const expected = `at least ${wanted} candidates per center (torch.topk raises)`;
    throw released(rules, "neighbor top-k", expected, candidates);
  }
  const keyRows = rules.variant === "paper" ? rest.source : Uint32Array.from(rest.source, (_, position) => position);
  const bonus = Float64Array.from(rest.textSimilarity).map((similarity) => similarity * rules.textWeight);
  return nearestRows(keys, keyRows, ranked, { count: Math.min(wanted, candidates), bonus });
}

/**
 * One row per center. `sum`: center + Σ attention · neighbor. `mean`: the attention-weighted mean of center and neighbors.
 *
 * @param neighbors positions in the rest, one list per center.
 */
function mergeNeighbors(
  rest: ScoreTable,
  { ranked }: Centers,
  neighbors: readonly Uint32Array[],
  { merge }: Rules,
): PlanRow[] {
  return Array.from(ranked, (center, i) => {
    const members = Uint32Array.from([center, ...neighbors[i]]);
    const weights = attentionAt(rest, members);
    if (merge === "mean") normalize(weights);
    else weights[0] = 1;
    return { role: "merged", anchor: rest.source[center], sources: at(rest.source, members), weights };
  });
}

/**
 * One row for all that is no center: Σ attention · token (`sum`) or their attention-weighted mean (`mean`). It stands at the
 * token with the highest attention.
 */
function residualRow(rest: ScoreTable, { others }: Centers, { merge }: Rules): PlanRow {
  const weights = attentionAt(rest, others);
  const [heaviest] = topK(weights, 1);
  if (merge === "mean") normalize(weights);
  return { role: "residual", anchor: rest.source[others[heaviest]], sources: at(rest.source, others), weights };
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

/** Step 4, token merger: the ordered concatenation of what the steps kept, recovered and merged. */
function mergeTokens(scores: ScoreTable, { visual, rest }: Choice, merged: PlanRow[], { order }: Rules) {
  const seen = new Set(visual.source);
  const kept = complement(scores.count, rest);
  const ownRows = Array.from(kept, (id) => ownRow(seen.has(id) ? "visual" : "text", id));
  return orderRows([...ownRows, ...merged], scores.count, order);
}

/** A selection of source ids given best first. */
function select(ranked: Uint32Array, scale?: Scale): Selection {
  return { source: ranked.toSorted(), ranked, scale };
}

/** Positions below `count` that are not among the given ones (each of those ascending). */
function complement(count: number, ...chosen: readonly Uint32Array[]): Uint32Array {
  const taken = new Uint8Array(count);
  let left = count;
  for (const positions of chosen) {
    for (const position of positions) {
      left -= 1 - taken[position];
      taken[position] = 1;
    }
  }
  const out = new Uint32Array(left);
  for (let position = 0, at = 0; position < count; position++) if (taken[position] === 0) out[at++] = position;
  return out;
}

/** `ids[positions[i]]` for every i. */
function at(ids: Uint32Array, positions: Uint32Array): Uint32Array {
  return positions.map((position) => ids[position]);
}
