/** Plans as JSON: for files, HTTP and the page. */
import { FormatError, RecoupError } from "./errors.js";
import { assertPlan, type CompressionPlan, ROLES, type Role, type RowOrder } from "./plan.js";

/** Marks the format; a reader that meets another name refuses. */
export const PLAN_FORMAT = "recoup.plan";

/** Raised when a reader of the old version would misread the new one. */
export const PLAN_VERSION = 1;

/** A plan in JSON. Rows are spelled by role names; the arrays are those of `CompressionPlan`. */
export interface PlanJson {
  readonly format: typeof PLAN_FORMAT;
  readonly version: typeof PLAN_VERSION;
  readonly sourceCount: number;
  readonly order: RowOrder;
  readonly roles: readonly Role[];
  readonly anchor: readonly number[];
  readonly offsets: readonly number[];
  readonly sources: readonly number[];
  readonly weights: readonly number[];
}

/** The plan as plain data. Weights are written with 9 significant digits, which give the same float32 back. */
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
    weights: Array.from(plan.weights, (weight) => Number(weight.toPrecision(9))),
  };
}

/**
 * Reads a plan from parsed JSON of unknown origin. Every array is checked before it is used: whole numbers in range,
 * finite weights, lengths that agree.
 *
 * @throws FormatError naming the field.
 */
export function planFromJson(value: unknown): CompressionPlan {
  const json = object(value);
  expect(json.format === PLAN_FORMAT, `format "${PLAN_FORMAT}"`, json.format);
  expect(json.version === PLAN_VERSION, `version ${PLAN_VERSION}`, json.version);
  expect(json.order === "append" || json.order === "grid", 'order "append" or "grid"', json.order);
  const roles = list(json, "roles").map((role) => {
    const code = ROLES.indexOf(role as Role);
    expect(code >= 0, `roles among ${ROLES.join(", ")}`, role);
    return code;
  });
  const [sourceCount] = ids("sourceCount", [json.sourceCount]);
  const plan: CompressionPlan = {
    sourceCount,
    order: json.order as RowOrder,
    roles: Uint8Array.from(roles),
    anchor: ids("anchor", list(json, "anchor")),
    offsets: ids("offsets", list(json, "offsets")),
    sources: ids("sources", list(json, "sources")),
    weights: Float32Array.from(list(json, "weights"), (weight) => {
      expect(typeof weight === "number", "weights as numbers", weight);
      return weight as number;
    }),
  };
  try {
    assertPlan("planFromJson", plan);
  } catch (cause) {
    if (!RecoupError.isInstance(cause)) throw cause;
    throw new FormatError({
      operation: "planFromJson",
      expected: cause.expected ?? "a sound plan",
      got: cause.got ?? "",
      cause,
    });
  }
  return plan;
}

function object(value: unknown): Record<string, unknown> {
  expect(typeof value === "object" && value !== null && !Array.isArray(value), "a plan object", value);
  return value as Record<string, unknown>;
}

function list(json: Record<string, unknown>, field: string): unknown[] {
  const value = json[field];
  expect(Array.isArray(value), `${field} as an array`, value);
  return value as unknown[];
}

/** Whole numbers that fit 32 bits. */
function ids(field: string, values: unknown[]): Uint32Array {
  return Uint32Array.from(values, (value) => {
    const fits = Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffffffff;
    expect(fits, `${field} as whole numbers of 32 bits`, value);
    return value as number;
  });
}

function expect(holds: boolean, expected: string, value: unknown): void {
  if (holds) return;
  // 60: enough of the offending value to find it, and no more of a hostile one.
  const got = (JSON.stringify(value) ?? "nothing").slice(0, 60);
  throw new FormatError({ operation: "planFromJson", expected, got });
}
