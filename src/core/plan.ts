/**
 * @file A plan is the result of every method: a sparse matrix in row form that says which source tokens stand in each output
 * row and with which weights. The same plan draws the image, computes the rows and fills the prompt, so they cannot
 * disagree.
 */
import { attempt } from "./brief.js";
import { refusalFor } from "./errors.js";
import { brief, count, instance, integer, isArrayLike, object, oneOf, optional, shaped, value } from "./shape.js";

/**
 * Why an output row is there. `visual`: kept for what the image shows; `text`: recovered because the question points
 * at it; `merged`: a center with its neighbors; `residual`: one row for all that is left.
 */
export type Role = "visual" | "text" | "merged" | "residual";

/** All roles; a plan stores a role as its position here. */
export const ROLES: readonly Role[] = ["visual", "text", "merged", "residual"];

/** `append`: own rows in raster order, then merged rows, then the residual. `grid`: all rows by their anchor. */
export type RowOrder = "append" | "grid";

/** Output row i = Σ weights[e] · source row sources[e], for e from offsets[i] to offsets[i + 1] - 1. K rows, E entries. */
export interface CompressionPlan {
  /** Number of source tokens; all ids are below it. */
  readonly sourceCount: number;
  /** Where each row's entries start, `[K + 1]`, ascending from 0 to E. */
  readonly offsets: Uint32Array;
  /** Source ids, `[E]`. */
  readonly sources: Uint32Array;
  /** Weights, `[E]`; they need not sum to 1 (the paper's merge adds to the center). */
  readonly weights: Float32Array;
  /** Position in `ROLES`, `[K]`. */
  readonly roles: Uint8Array;
  /** Source id at whose place the row stands in the sequence, `[K]`. */
  readonly anchor: Uint32Array;
  readonly order: RowOrder;
  /**
   * How many tokens' worth of attention each row is to get, `[K]`, above 0; 1 each where nothing is said. A decoder that can be told adds
   * alpha · log(mass) to the scores of the row as a key.
   */
  readonly mass?: Float32Array;
}

/** One output row, spelled out. */
export interface PlanRow {
  readonly role: Role;
  readonly anchor: number;
  readonly sources: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
  /** Its mass; 1 where it is left out. */
  readonly mass?: number;
}

/** Far above any model's, and little enough to be held: a token stands for an image's patch. */
const MAX_TOKENS = 2 ** 24;

const PLAN = object({
  sourceCount: integer(0, MAX_TOKENS),
  offsets: instance(Uint32Array),
  sources: instance(Uint32Array),
  weights: instance(Float32Array),
  roles: instance(Uint8Array),
  anchor: instance(Uint32Array),
  order: oneOf("append", "grid"),
  mass: optional(instance(Float32Array)),
});

const ORDERED = object({ sourceCount: integer(0, MAX_TOKENS), order: oneOf("append", "grid") });
const LIST = value("a list of numbers", isArrayLike);
const ROW = object({ role: oneOf(...ROLES), sources: LIST, weights: LIST });

/** Number of output rows, K. */
export function rowCount(plan: CompressionPlan): number {
  return shaped(plan, PLAN, refusalFor("rowCount")).roles.length;
}

/** Output rows / source rows, 0 to 1. An empty plan of no tokens has ratio 1. */
export function retentionRatio(plan: CompressionPlan): number {
  const { sourceCount, roles } = shaped(plan, PLAN, refusalFor("retentionRatio"));
  return sourceCount === 0 ? 1 : roles.length / sourceCount;
}

/** Number of rows of each role. */
export function roleCounts(plan: CompressionPlan): Record<Role, number> {
  const counts: Record<Role, number> = { visual: 0, text: 0, merged: 0, residual: 0 };
  for (const role of shaped(plan, PLAN, refusalFor("roleCounts")).roles) counts[ROLES[role]]++;
  return counts;
}

/** A row that copies one source token. @throws InvalidInputError for another role, and for what is no whole number from 0. */
export function ownRow(role: Role, source: number): PlanRow {
  const refuse = refusalFor("ownRow");
  if (!ROLES.includes(role)) throw refuse(`a role: ${ROLES.join(", ")}`, role);
  if (!isId(source, MAX_TOKENS)) throw refuse("a source id, a whole number from 0", source);
  return { role, anchor: source, sources: [source], weights: [1] };
}

/**
 * The rows as a plan, K rows over `sourceCount` tokens. `append` keeps the given order; `grid` sorts by anchor (equal anchors keep
 * their order).
 *
 * @throws InvalidInputError for a row of another role, without sources, with ids that are no whole numbers below `sourceCount`, or with
 *   more or fewer weights than sources or one that is not finite.
 */
export function orderRows(rows: readonly PlanRow[], sourceCount: number, order: RowOrder): CompressionPlan {
  assertRows(rows, sourceCount, order);
  const ordered = order === "grid" ? [...rows].sort((a, b) => a.anchor - b.anchor) : rows;
  const offsets = new Uint32Array(ordered.length + 1);
  ordered.forEach((row, i) => {
    offsets[i + 1] = offsets[i] + row.sources.length;
  });
  const sources = new Uint32Array(offsets[ordered.length]);
  const weights = new Float32Array(offsets[ordered.length]);
  ordered.forEach((row, i) => {
    sources.set(row.sources, offsets[i]);
    weights.set(row.weights, offsets[i]);
  });
  const hasMass = ordered.some(({ mass = 1 }) => mass !== 1);
  return {
    sourceCount,
    offsets,
    sources,
    weights,
    roles: Uint8Array.from(ordered, (row) => ROLES.indexOf(row.role)),
    anchor: Uint32Array.from(ordered, (row) => row.anchor),
    order,
    ...(hasMass && { mass: Float32Array.from(ordered, ({ mass = 1 }) => mass) }),
  };
}

function isId(id: unknown, end: number): boolean {
  return Number.isInteger(id) && (id as number) >= 0 && (id as number) < end;
}

const isMass = (mass: unknown) => typeof mass === "number" && mass > 0 && mass < Number.POSITIVE_INFINITY;

/** A typed array would make some id or weight of whatever it is given. */
function assertRows(rows: readonly PlanRow[], sourceCount: number, order: RowOrder): void {
  const refuse = refusalFor("orderRows");
  shaped({ sourceCount, order }, ORDERED, refuse);
  const all = attempt(() => (Array.isArray(rows) ? [...(rows as readonly PlanRow[])] : undefined), undefined);
  if (all === undefined) throw refuse("a list of rows", rows);
  for (const [at, row] of all.entries()) {
    shaped(row, ROW, (expected, got) => refuse(`${expected} in row ${at}`, got));
    const { anchor, sources, weights } = row;
    const got = (id: unknown) => `${brief(id)} in row ${at}`;
    if (!isId(anchor, sourceCount)) throw refuse(`an anchor that is a whole number below ${sourceCount}`, got(anchor));
    if (sources.length === 0) throw refuse("at least one source per row", `none in row ${at}`);
    if (weights.length !== sources.length)
      throw refuse("as many weights as sources", `${weights.length} for ${sources.length} in row ${at}`);
    for (let e = 0; e < sources.length; e++) {
      if (!isId(sources[e], sourceCount))
        throw refuse(`source ids that are whole numbers below ${sourceCount}`, got(sources[e]));
      if (!Number.isFinite(weights[e])) throw refuse("finite weights", got(weights[e]));
    }
    if (row.mass !== undefined && !isMass(row.mass)) throw refuse("masses above 0", got(row.mass));
  }
}

/**
 * Output row `row`, spelled out: role, anchor, source ids `[e]` and their weights `[e]` (views, not copies), and its mass where the plan
 * has any.
 *
 * @throws InvalidInputError when the plan has no such row.
 */
export function expandRow(
  plan: CompressionPlan,
  row: number,
): PlanRow & { sources: Uint32Array; weights: Float32Array } {
  const refuse = refusalFor("expandRow");
  shaped(plan, PLAN, refuse);
  if (!Number.isInteger(row) || row < 0 || row >= rowCount(plan)) {
    throw refuse(`a row from 0 to ${rowCount(plan) - 1}`, row);
  }
  return rowAt(plan, row);
}

function rowAt(plan: CompressionPlan, row: number): PlanRow & { sources: Uint32Array; weights: Float32Array } {
  const start = plan.offsets[row];
  const end = plan.offsets[row + 1];
  return {
    role: ROLES[plan.roles[row]],
    anchor: plan.anchor[row],
    sources: plan.sources.subarray(start, end),
    weights: plan.weights.subarray(start, end),
    ...(plan.mass && { mass: plan.mass[row] }),
  };
}

/** All rows of the plan, in order. */
export function planRows(plan: CompressionPlan): PlanRow[] {
  return Array.from(shaped(plan, PLAN, refusalFor("planRows")).roles, (_, row) => rowAt(plan, row));
}

/** The plan that keeps every source token as it is. */
export function identityPlan(sourceCount: number): CompressionPlan {
  shaped({ sourceCount }, object({ sourceCount: count }), refusalFor("identityPlan"));
  const rows = Array.from({ length: sourceCount }, (_, id) => ownRow("visual", id));
  return orderRows(rows, sourceCount, "grid");
}

/** @throws InvalidInputError, or the given type, at the first thing that makes the plan unusable; O(K + E). */
export function assertPlan(operation: string, plan: CompressionPlan, type?: Parameters<typeof refusalFor>[1]): void {
  const refuse = refusalFor(operation, type);
  const { sourceCount, offsets, sources, weights, roles, anchor, mass } = shaped(plan, PLAN, refuse);
  const rows = roles.length;
  if (mass !== undefined && mass.length !== rows) throw refuse(`${rows} masses`, mass.length);
  const light = mass?.findIndex((each) => !isMass(each)) ?? -1;
  if (light >= 0) throw refuse("masses above 0", `${mass?.[light]} in row ${light}`);
  if (offsets.length !== rows + 1 || anchor.length !== rows) {
    throw refuse(`${rows + 1} offsets and ${rows} anchors for ${rows} roles`, `${offsets.length} and ${anchor.length}`);
  }
  if (offsets[0] !== 0 || offsets[rows] !== sources.length || weights.length !== sources.length) {
    const got = `${offsets[0]} to ${offsets[rows]}, ${weights.length} weights`;
    throw refuse(`offsets from 0 to ${sources.length} and as many weights`, got);
  }
  for (let row = 0; row < rows; row++) {
    if (offsets[row + 1] <= offsets[row]) throw refuse("at least one source per row", `none in row ${row}`);
    if (roles[row] >= ROLES.length) throw refuse(`a role below ${ROLES.length}`, `${roles[row]} in row ${row}`);
    if (anchor[row] >= sourceCount) throw refuse(`an anchor below ${sourceCount}`, `${anchor[row]} in row ${row}`);
  }
  for (let entry = 0; entry < sources.length; entry++) {
    if (sources[entry] >= sourceCount) {
      throw refuse(`source ids below ${sourceCount}`, `${sources[entry]} in entry ${entry}`);
    }
    if (!Number.isFinite(weights[entry])) throw refuse("finite weights", `${weights[entry]} in entry ${entry}`);
  }
}
