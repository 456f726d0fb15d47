/** @file Plans as JSON: for files, HTTP and the page. */
import { FormatError, refusalFor } from "./errors.js";
import { assertPlan, type CompressionPlan, ROLES } from "./plan.js";
import { count, integer, list, number, object, oneOf, optional, shaped, type TypeOf } from "./shape.js";

/** Marks the format; a reader that meets another name refuses. */
const PLAN_FORMAT = "recoup.plan";

/** Raised when a reader of the old version would misread the new one. */
const PLAN_VERSION = 1;

/** Ids fit 32 bits. */
const ids = list(integer(0, 0xffffffff));

const PLAN_JSON = object({
  format: oneOf(PLAN_FORMAT),
  version: oneOf(PLAN_VERSION),
  sourceCount: count,
  order: oneOf("append", "grid"),
  roles: list(oneOf(...ROLES)),
  anchor: ids,
  offsets: ids,
  sources: ids,
  weights: list(number),
  mass: optional(list(number)),
});

/** A plan in JSON. Rows are spelled by role names; the arrays are those of `CompressionPlan`. */
export type PlanJson = TypeOf<typeof PLAN_JSON>;

const digits = (values: Float32Array) => Array.from(values, (value) => Number(value.toPrecision(9)));

/** The plan as plain data. Weights and masses are written with 9 significant digits, which give the same float32 back. */
export function planToJson(plan: CompressionPlan): PlanJson {
  assertPlan("planToJson", plan);
  return {
    format: PLAN_FORMAT,
    version: PLAN_VERSION,
    sourceCount: plan.sourceCount,
    order: plan.order,
    roles: Array.from(plan.roles, (role) => ROLES[role]),
    anchor: Array.from(plan.anchor),
    offsets: Array.from(plan.offsets),
    sources: Array.from(plan.sources),
    weights: digits(plan.weights),
    ...(plan.mass && { mass: digits(plan.mass) }),
  };
}

/**
 * Reads a plan from parsed JSON of unknown origin. Every array is checked before it is used: whole numbers in range,
 * finite weights, lengths that agree.
 *
 * @throws FormatError naming the field.
 */
export function planFromJson(value: unknown): CompressionPlan {
  const json = shaped(value, PLAN_JSON, refusalFor("planFromJson", FormatError));
  const plan: CompressionPlan = {
    sourceCount: json.sourceCount,
    order: json.order,
    roles: Uint8Array.from(json.roles, (role) => ROLES.indexOf(role)),
    anchor: Uint32Array.from(json.anchor),
    offsets: Uint32Array.from(json.offsets),
    sources: Uint32Array.from(json.sources),
    weights: Float32Array.from(json.weights),
    ...(json.mass && { mass: Float32Array.from(json.mass) }),
  };
  assertPlan("planFromJson", plan, FormatError);
  return plan;
}
