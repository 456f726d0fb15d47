/** @file Ranks and outliers among scores that a mask of zeros and ones selects; all shapes are fixed. */
import { FAR, type GraphDraft, type Tensor } from "../../graph/graph-draft.js";

/** A factor above this marks an outlier: scikit-learn's offset for `contamination="auto"`. */
const OUTLIER_THRESHOLD = 1.5;

/** scikit-learn's guard (`_lof.py`): more than k equal scores have reach 0 and would divide by 0. */
const DENSITY_GUARD = 1e-10;

/** A draft on masks and scores of N tokens. */
export interface Tokens {
  /** The draft that nodes are added to. */
  readonly op: GraphDraft;
  /** Number of tokens N. */
  readonly count: number;
  /** Ids 0 to N - 1, `[N, 1]` and `[1, N]`. */
  readonly column: Tensor;
  readonly row: Tensor;
  /** 1 where j is i, `[N, N]`. */
  readonly same: Tensor;
  /** 1 where j comes before i, `[N, N]`. */
  readonly earlier: Tensor;
  /** `[N, 1]` as `[1, N]`. */
  asRow(column: Tensor): Tensor;
}

/** `count` tokens on a draft. */
export function tokensOf(op: GraphDraft, count: number): Tokens {
  const ids = [...Array(count).keys()];
  const [column, row] = [op.floats(ids, [count, 1]), op.floats(ids, [1, count])];
  const asRow = (tensor: Tensor) => op.reshape(tensor, [1, count]);
  return { op, count, column, row, same: op.isEqual(column, row), earlier: op.isLess(row, column), asRow };
}

/** 1 for every token, `[N, 1]`. */
export function all({ op, count }: Tokens): Tensor {
  return op.floats(Array(count).fill(1), [count, 1]);
}

/**
 * Number of selected tokens with a higher score, or the same at a lower id, `[N, 1]`. It is below k for the k highest.
 *
 * @param scores `[N, 1]`.
 * @param mask `[N, 1]`; default: all.
 */
export function rankOf(tokens: Tokens, scores: Tensor, mask?: Tensor): Tensor {
  const { op, earlier, asRow } = tokens;
  const row = asRow(scores);
  const ahead = op.add(op.isGreater(row, scores), op.mul(op.isEqual(row, scores), earlier));
  return op.matMul(ahead, mask ?? all(tokens));
}

/**
 * Number of high outliers among the selected scores, `[1, 1]`: local outlier factor above 1.5, score above the median. The
 * same arithmetic as `src/math/outlier-factors.ts`, over all pairs.
 *
 * @param neighbors k.
 * @param distances float64: neighbors by exact distances, as scikit-learn orders them. float32: by rounded ones, for any device.
 */
export function countHighOutliers(
  { op, count, same, asRow }: Tokens,
  scores: Tensor,
  mask: Tensor,
  { neighbors, distances }: { neighbors: number; distances: "float32" | "float64" },
): Tensor {
  const exact = distances === "float64" ? op.cast(scores, "float64") : scores;
  const between = op.abs(op.sub(exact, asRow(exact)));
  // A token itself and those outside the mask are no neighbors: far away.
  const excluded = op.greater(op.add(same, op.sub(1, asRow(mask))), 0.5);
  const far = distances === "float64" ? op.cast(op.scalar(FAR), "float64") : op.scalar(FAR);
  const [nearest, ids64] = op.topK(op.where(excluded, far, between), Math.min(neighbors, count - 1), false);
  const distance = distances === "float64" ? op.cast(nearest, "float32") : nearest;
  const valid = op.isLess(distance, FAR / 2);
  const known = op.max(op.sum(valid, 1), 1);
  const near = op.mul(op.min(distance, FAR / 2), valid);
  const neighborsOf = (perToken: Tensor) => op.gather(op.reshape(perToken, [count]), ids64);
  const reach = op.mul(op.max(near, neighborsOf(op.greatest(near, 1))), valid);
  const density = op.div(1, op.add(op.div(op.sum(reach, 1), known), DENSITY_GUARD));
  const ratio = op.mul(op.div(neighborsOf(density), density), valid);
  const factor = op.div(op.sum(ratio, 1), known);
  // Above the median: at least half of the selected scores are lower.
  const lower = op.matMul(op.isLess(asRow(scores), scores), mask);
  const high = op.isGreater(op.add(op.add(lower, lower), 0.5), op.sum(mask, 0));
  return op.sum(op.mul(op.mul(op.isGreater(factor, OUTLIER_THRESHOLD), high), mask), 0);
}
