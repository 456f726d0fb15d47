/** @file Recoverable Compression (variant `paper`) as ONNX nodes: masks over the N tokens instead of lists, so all shapes are fixed. */
import { FAR, type GraphDraft, type Tensor } from "../../graph/graph-draft.js";
import { all, countHighOutliers, rankOf, type Tokens, tokensOf } from "./masked-scores.js";
import type { RecoverableRules } from "./options.js";
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
export function recoverableGraph(op: GraphDraft, table: BakeTable, rules: RecoverableRules): BakedPlan {
  const tokens = tokensOf(op, rules.tokens);
  const textSimilarity =
    rules.textPolarity === 1 ? table.textSimilarity : op.mul(table.textSimilarity, rules.textPolarity);
  const ranked = { ...table, textSimilarity, attentionRank: rankOf(tokens, table.clsAttention) };
  const counts = boundedCounts(op, dynamicCounts(tokens, ranked, rules), rules);
  return rows(tokens, ranked, choose(tokens, ranked, counts), counts, rules);
}

/** The table, high similarity for relevant tokens, and the ranks of the attention, `[N, 1]`. */
interface RankedTable extends BakeTable {
  readonly attentionRank: Tensor;
}

/** Numbers by outlier factors: of the visual filter, of text information recovery among the rest, of centers among the tokens left. */
function dynamicCounts(tokens: Tokens, table: RankedTable, rules: RecoverableRules): RowCounts {
  const { op } = tokens;
  const { clsAttention, textSimilarity, attentionRank } = table;
  const distances = rules.form === "dynamic" ? "float64" : "float32";
  const outliers = (scores: Tensor, mask: Tensor, neighbors: number) =>
    countHighOutliers(tokens, scores, mask, { neighbors, distances });
  const found = outliers(clsAttention, all(tokens), rules.neighbors.visual);
  const left = op.sub(1, op.isLess(attentionRank, found));
  const text = outliers(textSimilarity, left, rules.neighbors.text);
  // Nothing stands out: the token with the highest attention stays.
  const visual = op.add(found, op.sub(1, op.min(op.add(found, text), 1)));
  const { rest } = choose(tokens, table, { visual, text });
  const centers = outliers(clsAttention, rest, rules.neighbors.rest);
  return { visual, text, centers, residual: op.min(op.sub(op.sum(rest, 0), centers), 1) };
}

/** Masks of zeros and ones, `[N, 1]`. */
interface Choice {
  /** Visual and text tokens. */
  readonly own: Tensor;
  readonly rest: Tensor;
}

function choose(tokens: Tokens, table: RankedTable, counts: Pick<RowCounts, "visual" | "text">): Choice {
  const { op } = tokens;
  const visual = op.isLess(table.attentionRank, counts.visual);
  const left = op.sub(1, visual);
  const recovered = op.mul(op.isLess(rankOf(tokens, table.textSimilarity, left), counts.text), left);
  return { own: op.add(visual, recovered), rest: op.sub(left, recovered) };
}

/** Steps 3 and 4: own rows in raster order, one row per center by descending attention, the residual. */
function rows(
  tokens: Tokens,
  table: BakeTable,
  { own, rest }: Choice,
  counts: RowCounts,
  rules: RecoverableRules,
): BakedPlan {
  const { op, earlier, asRow } = tokens;
  const attention = asRow(table.clsAttention);
  const ownCount = op.sum(own, 0);
  const centersEnd = op.add(ownCount, counts.centers);
  const total = op.add(centersEnd, counts.residual);
  const numbers = rowNumbers(op, total, rules);
  const centerRank = rankOf(tokens, table.clsAttention, rest);
  const isCenter = op.mul(op.isLess(centerRank, counts.centers), rest);
  const ownRows = op.mul(op.isEqual(numbers, asRow(op.matMul(earlier, own))), asRow(own));
  const centerRows = op.mul(op.isEqual(numbers, asRow(op.add(ownCount, centerRank))), asRow(isCenter));
  const others = asRow(op.sub(rest, isCenter));
  const residualRows = op.mul(op.mul(op.isEqual(numbers, centersEnd), counts.residual), others);
  const members = op.mul(neighbors(tokens, table, centerRows, rest, rules), op.sum(centerRows, 1));
  const weights =
    rules.merge === "sum"
      ? op.add(op.add(ownRows, centerRows), op.mul(op.add(members, residualRows), attention))
      : op.add(ownRows, meanWeights(op, op.add(op.add(centerRows, members), residualRows), attention));
  return { weights, count: op.cast(op.reshape(total, [1]), "int32") };
}

/** The numbers of the rows, `[K, 1]`. */
function rowNumbers(op: GraphDraft, total: Tensor, { rows }: RecoverableRules): Tensor {
  if (rows === undefined) return op.reshape(op.range(op.reshape(total, [])), [-1, 1]);
  return op.floats([...Array(rows).keys()], [rows, 1]);
}

/** For the center of each row its nearest tokens of the rest: 1 where taken, `[K, N]`. Rows without a center hold anything. */
function neighbors(
  tokens: Tokens,
  table: BakeTable,
  centerRows: Tensor,
  rest: Tensor,
  rules: RecoverableRules,
): Tensor {
  const { op, count, asRow } = tokens;
  const taken = Math.min(rules.mergeNeighbors, count - 1);
  if (taken === 0) return op.mul(centerRows, 0);
  const unit = unitRows(op, table.keys);
  const cosine = op.matMul(op.matMul(centerRows, unit), op.transpose(unit));
  const score = op.add(cosine, op.mul(asRow(table.textSimilarity), rules.textWeight));
  const excluded = op.greater(op.sub(op.add(centerRows, 1), asRow(rest)), 0.5);
  const open = op.where(excluded, op.scalar(-FAR), score);
  const [nearest, nearestIds] = op.topK(open, taken, true);
  const last = op.slice(nearest, 1, taken - 1, taken);
  // Ids as floats, by look-up: WebGPU has no 64-bit integers to compute with.
  const idsOfNearest = op.gather(op.reshape(tokens.column, [count]), nearestIds);
  const lastId = op.slice(idsOfNearest, 1, taken - 1, taken);
  const tied = op.mul(op.isEqual(open, last), op.isLess(tokens.row, op.add(lastId, 0.5)));
  return op.mul(op.add(op.isGreater(open, last), tied), op.isGreater(open, -FAR / 2));
}

/** Rows of length 1; a zero row stays zero, so that it is similar to nothing. */
function unitRows(op: GraphDraft, rows: Tensor): Tensor {
  const squared = op.sum(op.mul(rows, rows), 1);
  const norm = op.sqrt(op.where(op.greater(squared, 0), squared, op.scalar(1)));
  return op.div(rows, norm);
}

/** Attention over its sum in each row; equal weights where the sum is 0. @param group 1 for members, `[K, N]`. */
function meanWeights(op: GraphDraft, group: Tensor, attention: Tensor): Tensor {
  const raw = op.mul(group, attention);
  const total = op.sum(raw, 1);
  const hasTotal = op.greater(total, 0);
  const parts = op.where(hasTotal, raw, group);
  // Rows without members divide nothing by 1.
  return op.div(parts, op.where(hasTotal, total, op.max(op.sum(group, 1), 1)));
}
