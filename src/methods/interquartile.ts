/**
 * How many attention values are outliers by Tukey's upper fence: above Q3 + 1.5 (Q3 - Q1), strictly; quartiles by linear
 * interpolation between order statistics (numpy's default).
 */
export function attentionOutliers(attention: Float32Array): number {
  const sorted = attention.toSorted();
  const [q1, q3] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  // 1.5: Tukey's constant, as released.
  const fence = q3 + 1.5 * (q3 - q1);
  let count = 0;
  for (const value of attention) if (value > fence) count++;
  return count;
}

function quantile(ascending: Float32Array, share: number): number {
  const at = (ascending.length - 1) * share;
  const below = Math.floor(at);
  const above = Math.min(below + 1, ascending.length - 1);
  return ascending[below] + (at - below) * (ascending[above] - ascending[below]);
}
