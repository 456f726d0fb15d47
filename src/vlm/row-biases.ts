/** @file How loudly the rows of a conversation speak: a bias for each token of the sequence, anew at each turn, since recovery moves mass. */
import { type CompressionPlan, type PlanRow, planRows } from "../core/index.js";

/** The rows of an image, and where they are. */
export interface RowsInSequence {
  readonly plan: CompressionPlan;
  /** Place in the sequence of each row, by its key. */
  readonly at: ReadonlyMap<string, number>;
}

/**
 * Where in the sequence the rows of each image are, by their keys.
 *
 * @param ids with a placeholder per row, in the order of the plans.
 * @param from place of the first id.
 */
export function placedRows(
  ids: readonly number[],
  imageToken: number,
  from: number,
  plans: readonly CompressionPlan[],
): Map<string, number>[] {
  const placeholders = ids.flatMap((id, at) => (id === imageToken ? [from + at] : []));
  let next = 0;
  return plans.map((plan) => new Map(planRows(plan).map((row) => [rowKey(row), placeholders[next++]])));
}

/** Names a row of a plan also after a recovery. */
function rowKey({ role, anchor }: PlanRow): string {
  return role === "visual" || role === "text" ? `own ${anchor}` : `${role} ${anchor}`;
}

/**
 * What is added to the scores of each key, `[length]`: alpha · log(mass) of a row, 0 of everything else. A row that has gone from its plan,
 * and is in the sequence yet, speaks as one token.
 */
export function biasesOf(images: readonly RowsInSequence[], alpha: number, length: number): Float32Array | undefined {
  if (alpha === 0 || images.every(({ plan }) => plan.mass === undefined)) return undefined;
  const biases = new Float32Array(length);
  for (const { plan, at } of images) {
    for (const row of planRows(plan)) {
      const place = at.get(rowKey(row));
      if (place !== undefined) biases[place] = alpha * Math.log(row.mass ?? 1);
    }
  }
  return biases;
}
