/** @file Places for names beside points, none over another. */
import { mean } from "../../../../math/index.js";

/**
 * Heights at least `step` apart, as near to the wanted ones as can be. Names that would overlap stand as a block around the mean of
 * their wanted heights. All stay within `low` and `high` as long as they fit.
 *
 * @param wanted descending.
 */
export function spreadOut(
  wanted: readonly number[],
  { step, low, high }: { readonly step: number; readonly low: number; readonly high: number },
): number[] {
  const blocks: { wanted: number[]; top: number }[] = [];
  const settle = (own: readonly number[]) => {
    const middle = mean(own);
    const half = (step * (own.length - 1)) / 2;
    return Math.min(high, Math.max(low + 2 * half, middle + half));
  };
  for (const value of wanted) {
    let block = { wanted: [value], top: settle([value]) };
    for (let above = blocks.at(-1); above !== undefined; above = blocks.at(-1)) {
      if (above.top - step * above.wanted.length >= block.top) break;
      blocks.pop();
      const joined = [...above.wanted, ...block.wanted];
      block = { wanted: joined, top: settle(joined) };
    }
    blocks.push(block);
  }
  return blocks.flatMap(({ wanted: own, top }) => own.map((_, i) => top - i * step));
}
