/** @file Mass of the rows in a drawing: a bar in the cell that a row stands at. */
import type { CompressionPlan } from "../core/index.js";

/** The largest mass of any row; 1 where the plan says none or no row has more. */
export function largestMass({ mass = new Float32Array(0) }: CompressionPlan): number {
  return mass.reduce((a, b) => Math.max(a, b), 1);
}

/**
 * How long the bar of each source token's cell is, `[N]`, 0 to 1 (the largest mass): log(mass) of the row that stands there, since so much is
 * added to the scores of its attention. Of several rows the largest counts. 0 for mass 1 or less, and where no row
 * stands.
 */
export function massLengths(plan: CompressionPlan): Float64Array {
  const lengths = new Float64Array(plan.sourceCount);
  const full = Math.log(largestMass(plan));
  if (full === 0) return lengths;
  plan.mass?.forEach((mass, row) => {
    const at = plan.anchor[row];
    lengths[at] = Math.max(lengths[at], Math.log(mass) / full);
  });
  return lengths;
}
