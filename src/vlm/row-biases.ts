/** @file How loudly the rows of a conversation speak: a bias for each token of the sequence, anew at each turn, since recovery moves mass. */
import { type CompressionPlan, type RecoveredRows, rowCount } from "../core/index.js";

/** The rows of an image, and where they are. */
export interface RowsInSequence {
  readonly plan: CompressionPlan;
  /** Place in the sequence of each row of the plan, `[K]`. */
  readonly at: readonly number[];
}

/**
 * Where in the sequence the rows of each image are, `[K]` each.
 *
 * @param ids with a placeholder per row, in the order of the plans.
 * @param from place of the first id.
 */
export function placedRows(
  ids: readonly number[],
  imageToken: number,
  from: number,
  plans: readonly CompressionPlan[],
): number[][] {
  const placeholders = ids.flatMap((id, at) => (id === imageToken ? [from + at] : []));
  let next = 0;
  return plans.map((plan) => Array.from({ length: rowCount(plan) }, () => placeholders[next++]));
}

/**
 * Where the rows of a plan are after a recovery, `[K]`: where they were, whatever they have lost, and what comes back at its own place.
 *
 * @param at places of the rows before.
 * @param returned places of the tokens that come back, by their source ids.
 */
export function movedRows(
  { plan, from }: RecoveredRows,
  at: readonly number[],
  returned: ReadonlyMap<number, number>,
): number[] {
  return from.map((row, i) => (row === undefined ? (returned.get(plan.anchor[i]) as number) : at[row]));
}

/**
 * What is added to the scores of each key, `[length]`: alpha · log(mass) of a row, 0 of everything else. A row that has gone from its plan,
 * and is in the sequence yet, speaks as one token.
 */
export function biasesOf(images: readonly RowsInSequence[], alpha: number, length: number): Float32Array | undefined {
  if (alpha === 0 || images.every(({ plan }) => plan.mass === undefined)) return undefined;
  const biases = new Float32Array(length);
  for (const { plan, at } of images) {
    plan.mass?.forEach((mass, row) => {
      biases[at[row]] = alpha * Math.log(mass);
    });
  }
  return biases;
}
