/** Rows of each kind. `merged` counts the centers and the residual row. */
export interface Shares {
  readonly visual: number;
  readonly text: number;
  readonly merged: number;
}

/**
 * Scales the rows that the dynamic budget would give to exactly `retain` rows, in proportion, by largest remainder (equal
 * remainders: visual before text before merged). No kind falls below 1 where there is room: with 1 row it is visual, with 2
 * visual and text; from 3 on each kind has one, also a kind of which the picture asked for none.
 */
export function scaleShares(dynamic: Shares, retain: number): Shares {
  if (retain < 3) return { visual: 1, text: retain - 1, merged: 0 };
  const asked = [dynamic.visual, dynamic.text, dynamic.merged].map((rows) => Math.max(1, rows));
  const total = asked.reduce((a, b) => a + b);
  const rows = asked.map((share) => Math.max(1, Math.floor((share * retain) / total)));
  // Remainders times the total: whole numbers, so that equal ones are equal.
  const remainder = asked.map((share, kind) => share * retain - rows[kind] * total);
  const byRemainder = [0, 1, 2].sort((a, b) => remainder[b] - remainder[a] || a - b);
  let missing = retain - rows.reduce((a, b) => a + b);
  // The floor of 1 can overshoot by 1: taken back where most rows exceed their share.
  for (const kind of byRemainder.toReversed()) {
    while (missing < 0 && rows[kind] > 1) {
      rows[kind]--;
      missing++;
    }
  }
  for (const kind of byRemainder) if (missing-- > 0) rows[kind]++;
  return { visual: rows[0], text: rows[1], merged: rows[2] };
}
