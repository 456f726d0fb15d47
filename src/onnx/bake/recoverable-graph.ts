/** @file Recoverable Compression (variant `paper`) as ONNX nodes: masks over the N tokens instead of lists, so all shapes are fixed. */
import type { GraphDraft, Tensor } from "../graph/graph-draft.js";
import { all, countHighOutliers, FAR, type Ids, rankOf, tokenIds } from "./masked-scores.js";
import type { BakeRules } from "./options.js";
import { boundedCounts, type RowCounts } from "./row-counts.js";

/** Inputs of the method, float32. */
export interface BakeTable {
  /** `[N, Ck]`. */
  readonly keys: Tensor;
  /** `[N, 1]`. */
  readonly clsAttention: Tensor;
  /** `[N, 1]`, the model's cosines. */
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
export function recoverableGraph(op: GraphDraft, table: BakeTable, rules: BakeRules): BakedPlan {
  const ids = tokenIds(op, rules.tokens);
  const attention = table.clsAttention;
  const polarity = op.floats([rules.textPolarity], [1, 1]);
  const similarity = rules.textPolarity === 1 ? table.textSimilarity : op.mul(table.textSimilarity, polarity);
  const scores: Scores = { attention, similarity, attentionRank: rankOf(op, ids, attention) };
  const counts = boundedCounts(op, dynamicCounts(op, ids, scores, rules), rules);
  const choice = choose(op, ids, scores, counts);
  return rows(op, ids, { ...table, textSimilarity: similarity }, choice, counts, rules);
}

/** `[N, 1]` each; high similarity means relevant. */
interface Scores {
  readonly attention: Tensor;
  readonly similarity: Tensor;
  readonly attentionRank: Tensor;
}

/** Numbers by outlier factors: of the visual filter, of text information recovery among the rest, of centers among the tokens left. */
function dynamicCounts(op: GraphDraft, ids: Ids, scores: Scores, rules: BakeRules): RowCounts {
  const one = op.floats([1], [1, 1]);
  const distances = rules.form === "dynamic" ? "float64" : "float32";
  const outliers = (values: Tensor, mask: Tensor, neighbors: number) =>
    countHighOutliers(op, ids, values, mask, { neighbors, distances });
  const found = outliers(scores.attention, all(op, ids), rules.neighbors.visual);
  const left = op.sub(one, op.isLess(scores.attentionRank, found));
  const text = outliers(scores.similarity, left, rules.neighbors.text);
  // Nothing stands out: the token with the highest attention stays.
  const visual = op.add(found, op.sub(one, op.min(op.add(found, text), one)));
  const { rest } = choose(op, ids, scores, { visual, text });
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
  op: GraphDraft,
  ids: Ids,
  { attentionRank, similarity }: Scores,
  { visual, text }: Pick<RowCounts, "visual" | "text">,
): Choice {
  const seen = op.isLess(attentionRank, visual);
  const left = op.sub(op.floats([1], [1, 1]), seen);
  const recovered = op.mul(op.isLess(rankOf(op, ids, similarity, left), text), left);
  return { own: op.add(seen, recovered), rest: op.sub(left, recovered) };
}

/** Steps 3 and 4: own rows in raster order, one row per center by descending attention, the residual. */
function rows(
  op: GraphDraft,
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
  const numbers = rowNumbers(op, total, rules);
  const centerRank = rankOf(op, ids, table.clsAttention, rest);
  const isCenter = op.mul(op.isLess(centerRank, counts.centers), rest);
  const ownRows = op.mul(op.isEqual(numbers, row(op.matMul(ids.earlier, own))), row(own));
  const centerRows = op.mul(op.isEqual(numbers, row(op.add(ownCount, centerRank))), row(isCenter));
  const others = row(op.sub(rest, isCenter));
  const residualRows = op.mul(op.mul(op.isEqual(numbers, centersEnd), counts.residual), others);
  const members = op.mul(neighbors(op, ids, table, { centerRows, rest }, rules), op.sum(centerRows, 1));
  const weights =
    rules.merge === "sum"
      ? op.add(op.add(ownRows, centerRows), op.mul(op.add(members, residualRows), attention))
      : op.add(ownRows, meanWeights(op, op.add(op.add(centerRows, members), residualRows), attention));
  return { weights, count: op.cast(op.reshape(total, [1]), "int32") };
}

/** The numbers of the rows, `[K, 1]`. */
function rowNumbers(op: GraphDraft, total: Tensor, rules: BakeRules): Tensor {
  if (rules.form === "dynamic") return op.reshape(op.range(op.reshape(total, [])), [-1, 1]);
  const count = rules.retain ?? rules.maxTokens;
  return op.floats([...Array(count).keys()], [count, 1]);
}

/** For the center of each row its nearest tokens of the rest: 1 where taken, `[K, N]`. Rows without a center hold anything. */
function neighbors(
  op: GraphDraft,
  ids: Ids,
  { keys, textSimilarity }: BakeTable,
  { centerRows, rest }: { centerRows: Tensor; rest: Tensor },
  { mergeNeighbors, textWeight }: BakeRules,
): Tensor {
  const taken = Math.min(mergeNeighbors, ids.count - 1);
  if (taken === 0) return op.mul(centerRows, op.scalar(0));
  const unit = unitRows(op, keys);
  const cosine = op.matMul(op.matMul(centerRows, unit), op.transpose(unit));
  const score = op.add(cosine, op.mul(op.reshape(textSimilarity, [1, ids.count]), op.scalar(textWeight)));
  const excluded = op.greater(
    op.sub(op.add(centerRows, op.scalar(1)), op.reshape(rest, [1, ids.count])),
    op.scalar(0.5),
  );
  const open = op.where(excluded, op.scalar(-FAR), score);
  const [nearest, nearestIds] = op.topK(open, taken, true);
  const last = op.slice(nearest, 1, taken - 1, taken);
  // Ids as floats, by look-up: WebGPU has no 64-bit integers to compute with.
  const idsOfNearest = op.gather(op.reshape(ids.column, [ids.count]), nearestIds);
  const lastId = op.slice(idsOfNearest, 1, taken - 1, taken);
  const tied = op.mul(op.isEqual(open, last), op.isLess(ids.row, op.add(lastId, op.scalar(0.5))));
  return op.mul(op.add(op.isGreater(open, last), tied), op.isGreater(open, op.scalar(-FAR / 2)));
}

/** Rows of length 1; a zero row stays zero, so that it is similar to nothing. */
function unitRows(op: GraphDraft, rows: Tensor): Tensor {
  const squared = op.sum(op.mul(rows, rows), 1);
  const norm = op.sqrt(op.where(op.greater(squared, op.scalar(0)), squared, op.scalar(1)));
  return op.div(rows, norm);
}

/** Attention over its sum in each row; equal weights where the sum is 0. @param group 1 for members, `[K, N]`. */
function meanWeights(op: GraphDraft, group: Tensor, attention: Tensor): Tensor {
  const raw = op.mul(group, attention);
  const total = op.sum(raw, 1);
  const hasTotal = op.greater(total, op.scalar(0));
  const parts = op.where(hasTotal, raw, group);
  // Rows without members divide nothing by 1.
  return op.div(parts, op.where(hasTotal, total, op.max(op.sum(group, 1), op.scalar(1))));
}
