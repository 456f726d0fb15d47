/** @file Which tokens of an image a later question needs and the context lacks. */
import { type CompressionPlan, orderRows, ownRow, ROLES, type Role } from "../core/index.js";
import type { EncodedImage } from "./encoded-image.js";

/**
 * Ids that the new plan keeps for the question and the context has no row of, ascending. Methods that tell rows of the text from
 * those of the image say which; of others all rows of their own may be the question's.
 */
export function lackingIds(context: CompressionPlan, wanted: CompressionPlan): number[] {
  const present = new Set([...ownIds(context, "visual"), ...ownIds(context, "text")]);
  const text = ownIds(wanted, "text");
  const ids = text.length > 0 ? text : ownIds(wanted, "visual");
  return ids.filter((id) => !present.has(id)).sort((a, b) => a - b);
}

/** A plan of rows that come back. */
export function ownRows(ids: readonly number[], { features }: EncodedImage): CompressionPlan {
  const rows = ids.map((id) => ownRow("text", id));
  return orderRows(rows, features.count, "append");
}

function ownIds(plan: CompressionPlan, role: Role): number[] {
  return Array.from(plan.anchor).filter((_, row) => ROLES[plan.roles[row]] === role);
}
