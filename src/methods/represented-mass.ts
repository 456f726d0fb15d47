import {
  assertPlan,
  type CompressionPlan,
  type MethodContext,
  optionsOf,
  refusalFor,
  shape,
  type VisualTokens,
} from "../core/index.js";
import { defaultKernels } from "../math/index.js";
import { openCosines } from "./shared/cosines.js";

/**
 * How much a token adds to the mass of the row that stands for it. `count`: 1. `cosine`: how like the row's anchor it is, at least 0, so
 * that a row which must stand for unlike tokens gets less.
 */
export type MassMeasure = "count" | "cosine";

const OPTIONS = { measure: shape.optional(shape.oneOf("count", "cosine")) };

/**
 * The plan with the mass that each row stands for: every source token belongs to the row whose anchor has the largest cosine with it, of
 * equal ones to the first, and an anchor to its own row. By count the masses add up to N. Proportional attention of token merging
 * (ToMe, arXiv 2210.09461) for rows that are chosen, and for the decoder.
 *
 * @param features of all source tokens, `[N, C]`.
 * @returns the plan with `mass` `[K]`, each at least 1; K · N · C operations.
 * @throws InvalidInputError where plan and features do not fit, and for norms that float32 does not hold.
 */
export function representedMass(
  plan: CompressionPlan,
  features: VisualTokens<Float32Array>,
  options: { measure?: MassMeasure } & MethodContext = {},
): CompressionPlan {
  assertPlan("representedMass", plan);
  const { measure = "count", kernels = defaultKernels() } = optionsOf("representedMass", options, OPTIONS);
  const { sourceCount, anchor } = plan;
  if (features.count !== sourceCount)
    throw refusalFor("representedMass")(`${sourceCount} source tokens`, features.count);
  const mass = new Float32Array(anchor.length);
  kernels.withRows(features, (rows) => {
    const cosines = openCosines(rows);
    const nearest = new Int32Array(sourceCount).fill(-1);
    const likeness = new Float32Array(sourceCount).fill(Number.NEGATIVE_INFINITY);
    anchor.forEach((id, row) => {
      const own = cosines.row(id);
      for (let token = 0; token < sourceCount; token++) {
        if (own[token] <= likeness[token]) continue;
        likeness[token] = own[token];
        nearest[token] = row;
      }
    });
    // After all: a copy of an anchor, or one of no direction, would be nearer to another row than to its own.
    for (let row = anchor.length - 1; row >= 0; row--) {
      nearest[anchor[row]] = row;
      likeness[anchor[row]] = 1;
    }
    nearest.forEach((row, token) => {
      mass[row] += measure === "count" ? 1 : Math.max(0, likeness[token]);
    });
  });
  return { ...plan, mass: mass.map((each) => Math.max(1, each)) };
}
