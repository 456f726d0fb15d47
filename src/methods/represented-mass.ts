/** @file Mass of rows by the source tokens that they stand for. */
import {
  assertFinite,
  assertPlan,
  assertRows,
  CONTEXT_SHAPES,
  type CompressionMethod,
  type CompressionPlan,
  MASS_MEASURES,
  type MassMeasure,
  type MethodContext,
  optionsOf,
  refusalFor,
  rowCount,
  shape,
  type VisualTokens,
} from "../core/index.js";
import { defaultKernels, type Kernels } from "../math/index.js";
import { openCosines } from "./shared/cosines.js";

const OPTIONS = { measure: shape.optional(shape.oneOf(...MASS_MEASURES)), ...CONTEXT_SHAPES };

/**
 * The plan with the mass that each row stands for, in place of any that it has. By `count` (default) and `cosine` every source token belongs to
 * the row whose anchor has the largest cosine with it, of equal ones to the first, and an anchor to its own row. By `entries` a row
 * stands for the tokens that it is made of.
 *
 * By count the masses add up to N; so they do by entries where each token is an entry of one row. It is the proportional attention of
 * token merging (ToMe, arXiv 2210.09461), for rows that are chosen and for the decoder.
 *
 * @param features of all source tokens, `[N, C]`; not read for `entries`, and may then be undefined.
 * @returns the plan with `mass` `[K]`, each at least 1; K · N · C operations, E for `entries`.
 * @throws InvalidInputError where plan and features do not fit, and for norms that float32 does not hold.
 */
export function representedMass(
  plan: CompressionPlan,
  features: VisualTokens<Float32Array> | undefined,
  options: { measure?: MassMeasure } & MethodContext = {},
): CompressionPlan {
  assertPlan("representedMass", plan);
  const { measure = "count", kernels = defaultKernels() } = optionsOf("representedMass", options, OPTIONS);
  const { offsets, roles } = plan;
  if (measure === "entries")
    return { ...plan, mass: Float32Array.from(roles, (_, row) => offsets[row + 1] - offsets[row]) };
  const mass = new Float32Array(roles.length);
  const { nearest, likeness } = nearestAnchors(plan, checkedFeatures(plan, features), kernels);
  nearest.forEach((row, token) => {
    // Of no rows.
    if (row >= 0) mass[row] += measure === "count" ? 1 : Math.max(0, likeness[token]);
  });
  return { ...plan, mass: mass.map((each) => Math.max(1, each)) };
}

/**
 * The plan with the mass that its method gives its rows: the plan's own where it has any, else by the method's measure, and none where
 * the method has no measure.
 *
 * To recover tokens, recover from the method's own plan and call this on the result: what stands nearest to a recovered token then moves
 * to it. Mass that was already represented stays where it was, and would add up to more than N.
 *
 * @throws InvalidInputError as `representedMass`.
 */
export function withMass(
  plan: CompressionPlan,
  { mass: measure }: Pick<CompressionMethod, "mass">,
  features: VisualTokens<Float32Array> | undefined,
  context: MethodContext = {},
): CompressionPlan {
  // All tokens stand for themselves.
  if (plan.mass !== undefined || measure === undefined || rowCount(plan) === plan.sourceCount) return plan;
  return representedMass(plan, features, { ...context, measure });
}

function checkedFeatures(
  { sourceCount }: CompressionPlan,
  features: VisualTokens<Float32Array> | undefined,
): VisualTokens<Float32Array> {
  const refuse = refusalFor("representedMass");
  if (features === undefined) throw refuse("features of all source tokens", features);
  assertRows("representedMass", "features", features);
  const { data, count, dim } = features;
  if (!(data instanceof Float32Array)) throw refuse("float32 features", "float16 bits");
  if (count !== sourceCount) throw refuse(`${sourceCount} source tokens`, count);
  assertFinite("representedMass", "features", data, dim);
  return features;
}

/** For each source token the row whose anchor is nearest to it (-1 where there is no row), and their cosine. `[N]` each. */
function nearestAnchors(
  { sourceCount, anchor }: CompressionPlan,
  features: VisualTokens<Float32Array>,
  kernels: Kernels,
) {
  const nearest = new Int32Array(sourceCount).fill(-1);
  const likeness = new Float32Array(sourceCount).fill(Number.NEGATIVE_INFINITY);
  kernels.withRows(features, (rows) => {
    const cosines = openCosines(rows);
    anchor.forEach((id, row) => {
      const own = cosines.row(id);
      for (let token = 0; token < sourceCount; token++) {
        if (own[token] <= likeness[token]) continue;
        likeness[token] = own[token];
        nearest[token] = row;
      }
    });
  });
  // After all: a copy of an anchor, or one of no direction, would be nearer to another row than to its own.
  for (let row = anchor.length - 1; row >= 0; row--) {
    nearest[anchor[row]] = row;
    likeness[anchor[row]] = 1;
  }
  return { nearest, likeness };
}
