/** @file What the question points at, as nodes: `textEvidence` of `src/methods/recoup/evidence.ts`, with the same constants. */
import type { TokenGrid } from "../../../core/index.js";
import type { Decider, Tensor } from "../../graph/graph-draft.js";
import type { RecoupRules } from "./options.js";

/** Evidence in the precision of the form. */
export interface BakedEvidence {
  /** How far the text is trusted, 0 to 1, `[1]`. */
  readonly confidence: Tensor;
  /** Of each token, 0 to 1, `[1, N]`. */
  readonly scores: Tensor;
}

/** Tokens whose mean makes the peak. */
const PEAK_TOKENS = 8;
/** 1.4826 median absolute deviations are one standard deviation of a normal distribution. */
const NORMAL = 1.4826;
/** Peaks from which the text is trusted at all, and fully. */
const NO_TRUST = 3;
const FULL_TRUST = 6;
/** z of a token from which there is evidence. */
const LEAST_Z = 2;
/** Deviations below this share of the largest value are rounding of float32. */
const ROUNDING = 1e-6;

/** Adds the evidence. @param similarity float32 `[1, N]`, the model's cosines. */
export function evidenceGraph(decider: Decider, similarity: Tensor, rules: RecoupRules): BakedEvidence {
  const { op, number, raised, clamped } = decider;
  const { tokens, textPolarity, grids } = rules;
  const relevance = raised(similarity);
  const values = smoothed(decider, textPolarity === 1 ? relevance : op.mul(relevance, number(-1)), grids);
  const deviation = op.sub(values, median(decider, values, tokens));
  const scale = op.mul(median(decider, op.abs(deviation), tokens), number(NORMAL));
  const isMore = op.greater(scale, op.mul(op.greatest(op.abs(values), 1), number(ROUNDING)));
  // Without evidence all z are 0: no trust, and no score.
  const z = op.where(isMore, op.div(deviation, scale), number(0));
  const [best] = op.topK(z, Math.min(PEAK_TOKENS, tokens), true);
  const peak = op.mean(best, 1, false);
  const confidence = clamped(op.div(op.sub(peak, number(NO_TRUST)), number(FULL_TRUST - NO_TRUST)));
  const top = op.sub(op.max(peak, number(FULL_TRUST)), number(LEAST_Z));
  const score = clamped(op.div(op.sub(z, number(LEAST_Z)), top));
  return { confidence, scores: op.mul(score, score) };
}

/** Median of `[1, N]`, `[1, 1]`: the middle, or the mean of the two in the middle. */
function median({ op }: Decider, values: Tensor, count: number): Tensor {
  const upper = Math.floor(count / 2) + 1;
  const [largest] = op.topK(values, upper, true);
  return op.mean(op.slice(largest, 1, upper - (count % 2 === 0 ? 2 : 1), upper), 1);
}

/** Weights of a Gaussian of sigma 1 at distances 1 and 0; three in a line sum to 1. */
const SIDE = Math.exp(-0.5) / (1 + 2 * Math.exp(-0.5));
const MIDDLE = 1 - 2 * SIDE;

/** `smoothOnGrids`: along the rows of each grid, then along its columns, as products with band matrices. `[1, N]`. */
function smoothed({ op, numbers }: Decider, values: Tensor, grids: readonly TokenGrid[]): Tensor {
  if (grids.length === 0) return values;
  const parts = grids.map(({ rows, columns, offset }) => {
    const whole = grids.length === 1 ? values : op.slice(values, 1, offset, offset + rows * columns);
    const cells = op.reshape(whole, [rows, columns]);
    const along = op.matMul(cells, numbers(smoothing(columns, "columns"), [columns, columns]));
    return op.reshape(op.matMul(numbers(smoothing(rows, "rows"), [rows, rows]), along), [1, rows * columns]);
  });
  return parts.length === 1 ? parts[0] : op.concat(parts, 1);
}

/**
 * The matrix, row-major, that smooths a line of that length: row i has the weights that make value i of a column of values, and `columns`
 * is the transpose for values in a row. The line is mirrored at its ends without repeating them; one of a single cell stays.
 */
function smoothing(length: number, direction: "rows" | "columns"): number[] {
  const matrix = Array<number>(length * length).fill(0);
  const mirrored = (at: number) => (at < 0 ? 1 : at === length ? length - 2 : at);
  for (let i = 0; i < length; i++) {
    const weights = length === 1 ? [[i, 1]] : [[i, MIDDLE], ...[i - 1, i + 1].map((at) => [mirrored(at), SIDE])];
    for (const [j, weight] of weights) matrix[direction === "rows" ? i * length + j : j * length + i] += weight;
  }
  return matrix;
}
