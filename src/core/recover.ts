/** @file Recovering later: source tokens that were merged or dropped get rows of their own again. */
import { refusalFor } from "./errors.js";
import { optionsOf } from "./options.js";
import { assertPlan, type CompressionPlan, orderRows, ownRow, type PlanRow, planRows, type Role } from "./plan.js";
import { isArrayLike } from "./shape.js";

/**
 * A new plan in which each given source token has a row of its own, and is taken out of the rows it was merged into.
 * Apply it to the source tokens that were kept beside the plan.
 *
 * Mass moves with a token: a row gives up its share of one entry for each that it loses, and the token's own row has mass 1. That is right for
 * mass by entries. Where mass says what rows are nearest to (`representedMass`), recover from the plan without it and represent the
 * result.
 *
 * Ids that have a row of their own already are left as they are. Weights of the rows that lose an entry stay as they were;
 * a row that loses its last entry goes. A merged row that loses its anchor stands at its heaviest remaining entry (of equal
 * ones, the lower id). In `append` order the recovered rows take their raster place among the rows of one's own.
 *
 * @param sourceIds ids below `plan.sourceCount`, in any order; repeated ids count once.
 * @param role what the recovered rows are there for; a later question by default.
 * @throws InvalidInputError for an id out of range.
 */
export function recover(
  plan: CompressionPlan,
  sourceIds: ArrayLike<number>,
  options: { role?: Extract<Role, "visual" | "text"> } = {},
): CompressionPlan {
  return recoverRows(plan, sourceIds, options).plan;
}

/** A plan after a recovery. */
export interface RecoveredRows {
  readonly plan: CompressionPlan;
  /** For each of its rows the row that it was before, `[K]`; undefined for a token that has come back. */
  readonly from: readonly (number | undefined)[];
}

/** As `recover`, and which row each was. @throws as `recover`. */
export function recoverRows(
  plan: CompressionPlan,
  sourceIds: ArrayLike<number>,
  options: { role?: Extract<Role, "visual" | "text"> } = {},
): RecoveredRows {
  const refuse = refusalFor("recover");
  assertPlan("recover", plan);
  const { role = "text" } = optionsOf("recover", options);
  if (role !== "text" && role !== "visual") throw refuse('role "text" or "visual"', role);
  const rows = planRows(plan);
  const own = new Set(rows.filter(isOwn).map((row) => row.anchor));
  if (!isArrayLike(sourceIds)) throw refuse("a list of source ids", sourceIds);
  const wanted = new Set<number>();
  // By place: what says that it is longer than memory ends at its first gap.
  for (let i = 0; i < sourceIds.length; i++) {
    const id = sourceIds[i];
    if (!Number.isInteger(id) || id < 0 || id >= plan.sourceCount) {
      throw refuse(`source ids below ${plan.sourceCount}`, id);
    }
    if (!own.has(id)) wanted.add(id);
  }
  const before = rows.map((row, from) => ({ row, from }));
  const ownRows = [
    ...before.filter(({ row }) => isOwn(row)),
    ...Array.from(wanted, (id) => ({ row: ownRow(role, id), from: undefined })),
  ].sort(byAnchor);
  const rest = before.flatMap(({ row, from }) => {
    const left = isOwn(row) ? undefined : without(row, wanted);
    return left === undefined ? [] : [{ row: left, from }];
  });
  const all = plan.order === "grid" ? [...ownRows, ...rest].sort(byAnchor) : [...ownRows, ...rest];
  const after = all.map(({ row }) => row);
  const recovered = orderRows(after, plan.sourceCount, plan.order);
  // Masses stay said where all of them are 1 by now: nobody is to measure them instead.
  const mass = plan.mass && { mass: Float32Array.from(after, ({ mass = 1 }) => mass) };
  return { plan: { ...recovered, ...mass }, from: all.map(({ from }) => from) };
}

/**
 * Ids that the new plan keeps for the question and the context has no row of, ascending. Methods that tell rows of the text from
 * those of the image say which; of others all rows of their own may be the question's.
 */
export function lackingIds(context: CompressionPlan, wanted: CompressionPlan): number[] {
  const present = new Set(ownAnchors(context));
  const text = ownAnchors(wanted, "text");
  const ids = text.length > 0 ? text : ownAnchors(wanted);
  return ids.filter((id) => !present.has(id)).sort((a, b) => a - b);
}

/** Anchors of the rows that stand for one token only, of one role or of both, in the order of the rows. */
export function ownAnchors(plan: CompressionPlan, role?: Role): number[] {
  return planRows(plan)
    .filter((row) => isOwn(row) && (role === undefined || row.role === role))
    .map((row) => row.anchor);
}

function byAnchor(a: { readonly row: PlanRow }, b: { readonly row: PlanRow }): number {
  return a.row.anchor - b.row.anchor;
}

/** A row that stands for one token only: a kept or recovered one, as it is. */
function isOwn(row: PlanRow): boolean {
  return row.role === "visual" || row.role === "text";
}

function without(row: PlanRow, taken: ReadonlySet<number>): PlanRow | undefined {
  const all = Array.from(row.sources, (source, e) => ({ source, weight: row.weights[e] }));
  const entries = all.filter(({ source }) => !taken.has(source));
  if (entries.length === 0) return undefined;
  const anchor = taken.has(row.anchor) ? heaviest(entries) : row.anchor;
  return {
    role: row.role,
    anchor,
    sources: entries.map(({ source }) => source),
    weights: entries.map(({ weight }) => weight),
    ...(row.mass !== undefined && { mass: (row.mass * entries.length) / all.length }),
  };
}

function heaviest(entries: readonly { source: number; weight: number }[]): number {
  return entries.toSorted((a, b) => Math.abs(b.weight) - Math.abs(a.weight) || a.source - b.source)[0].source;
}
