/** @file Number of rows of each kind: by outlier factors, within bounds or scaled to a fixed number. */
import type { GraphDraft, Tensor } from "../../graph/graph-draft.js";
import type { RecoverableRules } from "./options.js";

/** Numbers of rows, each `[1, 1]`. */
export interface RowCounts {
  readonly visual: Tensor;
  readonly text: Tensor;
  /** Merged rows. */
  readonly centers: Tensor;
  /** 0 or 1. */
  readonly residual: Tensor;
}

/** The final counts: unchanged, or scaled where the budget asks for another sum. */
export function boundedCounts(op: GraphDraft, counts: RowCounts, rules: RecoverableRules): RowCounts {
  // The smallest number that is ever made is 1.
  const { retain, min = 1, max = rules.tokens } = rules.asked;
  if (retain === undefined && min <= 1 && max === rules.tokens) return counts;
  const merged = op.add(counts.centers, counts.residual);
  const rows = op.add(op.add(counts.visual, counts.text), merged);
  const target = retain !== undefined ? op.scalar(retain) : op.min(op.max(rows, min), max);
  const [visual, text, scaledMerged] = scaledShares(op, [counts.visual, counts.text, merged], target);
  const scaled: RowCounts = {
    visual,
    text,
    centers: op.max(op.sub(scaledMerged, 1), 0),
    residual: op.min(scaledMerged, 1),
  };
  if (retain !== undefined) return scaled;
  const differs = op.min(op.abs(op.sub(target, rows)), 1);
  const choose = (kind: keyof RowCounts) =>
    op.add(op.mul(op.sub(1, differs), counts[kind]), op.mul(differs, scaled[kind]));
  return { visual: choose("visual"), text: choose("text"), centers: choose("centers"), residual: choose("residual") };
}

/**
 * `scaleShares` of `src/methods/recoverable/shares.ts`: in proportion by largest remainder, none below 1 where there is room.
 * In whole numbers (remainders times the sum), exact in float32 up to 4096 tokens.
 */
function scaledShares(op: GraphDraft, shares: readonly Tensor[], target: Tensor): Tensor[] {
  const asked = op.max(op.concat(shares, 0), 1);
  const total = op.sum(asked, 0);
  const exact = op.mul(asked, target);
  // Half a unit more keeps an exact quotient from being rounded below itself.
  const rows = op.max(op.floor(op.div(op.add(exact, 0.5), total)), 1);
  const remainder = op.sub(exact, op.mul(rows, total));
  const missing = op.sub(target, op.sum(rows, 0));
  const row = (column: Tensor) => op.reshape(column, [1, 3]);
  const [kinds, kindsRow] = [op.floats([0, 1, 2], [3, 1]), op.floats([0, 1, 2], [1, 3])];
  const before = op.isLess(kindsRow, kinds);
  const ahead = op.add(op.isGreater(row(remainder), remainder), op.mul(op.isEqual(row(remainder), remainder), before));
  const place = op.sum(ahead, 1);
  // Missing rows go to the first places. One row too many, which only the floor of 1 makes, comes from the last that has more than 1.
  const added = op.isLess(place, missing);
  const most = op.greatest(op.mul(op.add(place, 1), op.isGreater(rows, 1)), 0);
  const last = op.isEqual(op.add(place, 1), most);
  const removed = op.mul(last, op.isLess(missing, 0));
  const usual = op.sub(op.add(rows, added), removed);
  // Fewer than 3 rows: one visual, then one of the text.
  const few = op.isLess(target, 3);
  const scarce = op.concat([op.scalar(1), op.sub(target, 1), op.scalar(0)], 0);
  const chosen = op.add(op.mul(few, scarce), op.mul(op.sub(1, few), usual));
  return [0, 1, 2].map((kind) => op.slice(chosen, 0, kind, kind + 1));
}
