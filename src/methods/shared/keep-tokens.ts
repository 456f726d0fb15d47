import { type CompressionPlan, orderRows, ownRow, type Role } from "../../core/index.js";

/** The plan of a method that only drops: the given tokens, distinct and in any order, as they are, in raster order. */
export function keepTokens(
  ids: ArrayLike<number>,
  sourceCount: number,
  { role = "visual" }: { role?: Extract<Role, "visual" | "text"> } = {},
): CompressionPlan {
  return orderRows(
    Array.from(ids, (id) => ownRow(role, id)),
    sourceCount,
    "grid",
  );
}
