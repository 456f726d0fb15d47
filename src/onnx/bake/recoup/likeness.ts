/** @file Rows of norm 1, whose products are cosines, and which of some rows each token is most like. */
import { mixBits } from "../../../math/index.js";
import { type Decider, FAR, type GraphDraft, type Tensor } from "../../graph/graph-draft.js";

/** Width of a sketch, and the least width that has one: those of `src/methods/shared/unit-rows.ts`. */
const BINS = 256;
const WIDE = 512;

/** Squares below this are of rows that count as zero, which are similar to nothing. */
const LEAST_SQUARE = 2 ** -100;

/**
 * Cosines nearer than this are equal: those of copies of a token may be summed in other orders. The library's are summed in one order, and compared
 * as they are.
 */
const COSINE_TIE = { float32: 2 ** -22, float64: 1e-9 };

/** Rows that are compared, `[N, C or 256]`, float32: wide ones as sums of signed channels, cyclic bins. */
export function comparedRows(op: GraphDraft, features: Tensor, { tokens, width }: { tokens: number; width: number }) {
  if (width < WIDE) return features;
  const signs = Array.from({ length: width }, (_, channel) => (mixBits(channel) & 1 ? -1 : 1));
  const signed = op.mul(features, op.floats(signs, [1, width]));
  const blocks = Math.ceil(width / BINS);
  const missing = blocks * BINS - width;
  const whole = missing === 0 ? signed : op.node("Pad", [signed, op.integers([0, 0, 0, missing])])[0];
  return op.reshape(op.sum(op.reshape(whole, [tokens, blocks, BINS]), 1), [tokens, BINS]);
}

/** Rows of norm 1 in the precision of a decision. */
export interface UnitRows {
  /** `[N, D]`; a zero row stays zero. */
  readonly unit: Tensor;
  /** The same, transposed. */
  readonly across: Tensor;
  /** Cosines nearer than this are equal, `[1]`. */
  readonly tie: Tensor;
}

/** The rows with norm 1. @param rows float32 `[N, D]`. */
export function unitRows(decider: Decider, rows: Tensor): UnitRows {
  const { op, number, raised } = decider;
  const given = raised(rows);
  const squared = op.sum(op.mul(given, given), 1);
  const least = number(LEAST_SQUARE);
  const scaled = op.div(given, op.sqrt(op.max(squared, least)));
  const unit = op.where(op.less(squared, least), number(0), scaled);
  return { unit, across: op.transpose(unit), tie: number(COSINE_TIE[decider.type]) };
}

/** Norms, `[N, 1]`, float32; 0 of rows that count as zero. */
export function normsOf(op: GraphDraft, rows: Tensor): Tensor {
  const squared = op.sum(op.mul(rows, rows), 1);
  return op.where(op.less(squared, op.scalar(LEAST_SQUARE)), op.scalar(0), op.sqrt(squared));
}

/** Id of the row that each token is most like, of equal ones the lowest, `[1, N]`. @param cosines `[K, N]`. @param ids `[K, 1]`. */
export function nearestId(op: GraphDraft, cosines: Tensor, ids: Tensor, { tie }: UnitRows): Tensor {
  const isLess = op.less(cosines, op.sub(op.greatest(cosines, 0), tie));
  return op.least(op.where(isLess, op.scalar(FAR), ids), 0);
}
