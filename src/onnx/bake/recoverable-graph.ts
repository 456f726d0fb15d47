/** @file Recoverable Compression (variant `paper`) as ONNX nodes: masks over the N tokens instead of lists, so all shapes are fixed. */
import type { GraphDraft, Operators, Tensor } from "../graph/graph-draft.js";
import { all, countHighOutliers, FAR, type Ids, rankOf, tokenIds } from "./masked-scores.js";
import type { BakeRules } from "./options.js";
import { boundedCounts, type RowCounts } from "./row-counts.js";

/** What the method reads, float32. */
export interface BakeTable {
  /** `[N, Ck]`. */
  readonly keys: Tensor;
  /** `[N, 1]`. */
  readonly clsAttention: Tensor;
  /** `[N, 1]`, cosines as the model has them. */
  readonly textSimilarity: Tensor;
}

/** The decision: row q of the result is Σ weights[q, j] · source token j. */
export interface BakedPlan {
  /** `[K, N]`; rows from `count` on are zero. */
  readonly weights: Tensor;
  /** Rows that are made, `[1]`, int32. */
  readonly count: Tensor;
}

/** Adds all four steps. */
export function recoverableGraph(draft: GraphDraft, op: Operators, table: BakeTable, rules: BakeRules): BakedPlan {
  const ids = tokenIds(draft, op, rules.tokens);
  const attention = table.clsAttention;
  const polarity = draft.floats([rules.textPolarity], [1, 1]);
  const similarity = rules.textPolarity === 1 ? table.textSimilarity : op.mul(table.textSimilarity, polarity);
  const scores: Scores = { attention, similarity, attentionRank: rankOf(draft, op, ids, attention) };
  const counts = boundedCounts(draft, op, dynamicCounts(draft, op, ids, scores, rules), rules);
  const choice = choose(draft, op, ids, scores, counts);
  return rows(draft, op, ids, { ...table, textSimilarity: similarity }, choice, counts, rules);
}

/** `[N, 1]` each; high similarity means relevant. */
interface Scores {
  readonly attention: Tensor;
  readonly similarity: Tensor;
  readonly attentionRank: Tensor;
}

/** The numbers that the outlier factors say: visual filter, text information recovery among the rest, centers among what is left. */
function dynamicCounts(draft: GraphDraft, op: Operators, ids: Ids, scores: Scores, rules: BakeRules): RowCounts {
  const one = draft.floats([1], [1, 1]);
  const distances = rules.form === "dynamic" ? "float64" : "float32";
  const outliers = (values: Tensor, mask: Tensor, neighbors: number) =>
    countHighOutliers(draft, op, ids, values, mask, { neighbors, distances });
  const found = outliers(scores.attention, all(draft, ids), rules.neighbors.visual);
  const left = op.sub(one, op.isLess(scores.attentionRank, found));
  const text = outliers(scores.similarity, left, rules.neighbors.text);
  // Nothing stands out: the token with the highest attention stays.
  const visual = op.add(found, op.sub(one, op.min(op.add(found, text), one)));
  const { rest } = choose(draft, op, ids, scores, { visual, text });
  const centers = outliers(scores.attention, rest, rules.neighbors.rest);
  const residual = op.min(op.sub(op.sum(rest, 0), centers), one);
  return { visual, text, centers, residual };
}

/** Masks of zeros and ones, `[N, 1]`. */
interface Choice {
  /** Visual and text tokens. */
  readonly own: Tensor;
  readonly rest: Tensor;
}

function choose(
  draft: GraphDraft,
  op: Operators,
  ids: Ids,
  { attentionRank, similarity }: Scores,
  { visual, text }: Pick<RowCounts, "visual" | "text">,
): Choice {
  const seen = op.isLess(attentionRank, visual);
  const left = op.sub(draft.floats([1], [1, 1]), seen);
  const recovered = op.mul(op.isLess(rankOf(draft, op, ids, similarity, left), text), left);
  return { own: op.add(seen, recovered), rest: op.sub(left, recovered) };
}

/** Steps 3 and 4: own rows in raster order, one row per center by descending attention, the residual. */
function rows(
  draft: GraphDraft,
  op: Operators,
  ids: Ids,
  table: BakeTable,
  { own, rest }: Choice,
  counts: RowCounts,
  rules: BakeRules,
): BakedPlan {
  const row = (column: Tensor) => op.reshape(column, [1, ids.count]);
  const attention = row(table.clsAttention);
  const ownCount = op.sum(own, 0);
  const centersEnd = op.add(ownCount, counts.centers);
  const total = op.add(centersEnd, counts.residual);
  const slots = slotNumbers(draft, op, total, rules);
  const centerRank = rankOf(draft, op, ids, table.clsAttention, rest);
  const isCenter = op.mul(op.isLess(centerRank, counts.centers), rest);
  const ownRows = op.mul(op.isEqual(slots, row(op.matMul(ids.earlier, own))), row(own));
  const centerRows = op.mul(op.isEqual(slots, row(op.add(ownCount, centerRank))), row(isCenter));
  const others = row(op.sub(rest, isCenter));
  const residualRows = op.mul(op.mul(op.isEqual(slots, centersEnd), counts.residual), others);
  const members = op.mul(neighbors(draft, op, ids, table, { centerRows, rest }, rules), op.sum(centerRows, 1));
  const weights =
    rules.merge === "sum"
      ? op.add(op.add(ownRows, centerRows), op.mul(op.add(members, residualRows), attention))
      : op.add(ownRows, meanWeights(draft, op, op.add(op.add(centerRows, members), residualRows), attention));
  return { weights, count: op.cast(op.reshape(total, [1]), "int32") };
}

/** The numbers of the rows, `[K, 1]`. */
function slotNumbers(draft: GraphDraft, op: Operators, total: Tensor, rules: BakeRules): Tensor {
  if (rules.form === "dynamic") return op.reshape(op.range(op.reshape(total, [])), [-1, 1]);
  const count = rules.retain ?? rules.maxTokens;
  return draft.floats(
    Array.from({ length: count }, (_, slot) => slot),
    [count, 1],
  );
}

/** For the center of each row its nearest others of the rest: 1 where taken, `[K, N]`. Rows without a center hold anything. */
function neighbors(
  draft: GraphDraft,
  op: Operators,
  ids: Ids,
  { keys, textSimilarity }: BakeTable,
  { centerRows, rest }: { centerRows: Tensor; rest: Tensor },
  { mergeNeighbors, textWeight }: BakeRules,
): Tensor {
  const scalar = (value: number) => draft.floats([value], [1, 1]);
  const taken = Math.min(mergeNeighbors, ids.count - 1);
  if (taken === 0) return op.mul(centerRows, scalar(0));
  const unit = unitRows(draft, op, keys);
  const cosine = op.matMul(op.matMul(centerRows, unit), op.transpose(unit));
  const score = op.add(cosine, op.mul(op.reshape(textSimilarity, [1, ids.count]), scalar(textWeight)));
  const excluded = op.greater(op.sub(op.add(centerRows, scalar(1)), op.reshape(rest, [1, ids.count])), scalar(0.5));
  const open = op.where(excluded, scalar(-FAR), score);
  const [best, bestIds] = op.topK(open, taken, true);
  const last = op.slice(best, 1, taken - 1, taken);
  // Ids as floats, by look-up: WebGPU has no 64-bit integers to compute with.
  const idsOfBest = op.gather(op.reshape(ids.column, [ids.count]), bestIds);
  const lastId = op.slice(idsOfBest, 1, taken - 1, taken);
  const tied = op.mul(op.isEqual(open, last), op.isLess(ids.row, op.add(lastId, scalar(0.5))));
  return op.mul(op.add(op.isGreater(open, last), tied), op.isGreater(open, scalar(-FAR / 2)));
}

/** Rows of length 1; a zero row stays zero, so that it is similar to nothing. */
function unitRows(draft: GraphDraft, op: Operators, rows: Tensor): Tensor {
  const scalar = (value: number) => draft.floats([value], [1, 1]);
  const squared = op.sum(op.mul(rows, rows), 1);
  const norm = op.sqrt(op.where(op.greater(squared, scalar(0)), squared, scalar(1)));
  return op.div(rows, norm);
}

/** Attention over its sum in each row; equal weights where the sum is 0. @param group 1 for members, `[K, N]`. */
function meanWeights(draft: GraphDraft, op: Operators, group: Tensor, attention: Tensor): Tensor {
  const scalar = (value: number) => draft.floats([value], [1, 1]);
  const raw = op.mul(group, attention);
  const total = op.sum(raw, 1);
  const hasTotal = op.greater(total, scalar(0));
  const parts = op.where(hasTotal, raw, group);
  // Rows without members divide nothing by 1.
  return op.div(parts, op.where(hasTotal, total, op.max(op.sum(group, 1), scalar(1))));
}
