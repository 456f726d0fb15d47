/** @file What lies just beside a thing. */
import type { Scene } from "./scene.js";

/** Pixels between a thing and the one just beside it, at most; no other may be so near on that side, nor up to twice as far. */
const NEAR = 20;

/**
 * The thing just beside the i-th one in each of the directions of `PLACES`; undefined where there is none, or more than one. Beside it is
 * what lies within `NEAR` pixels and shares at least half of the smaller one's extent across.
 */
export function besides({ objects }: Scene, i: number): readonly (number | undefined)[] {
  const { box } = objects[i];
  const sides = [0, 1, 2, 3].map((): { near: number[]; far: number } => ({ near: [], far: 0 }));
  objects.forEach(({ box: other }, j) => {
    if (j === i) return;
    const across = overlap(box.y, box.height, other.y, other.height);
    const down = overlap(box.x, box.width, other.x, other.width);
    const gaps = [
      [across, box.x - other.x - other.width],
      [across, other.x - box.x - box.width],
      [down, box.y - other.y - other.height],
      [down, other.y - box.y - box.height],
    ] as const;
    gaps.forEach(([shared, gap], side) => {
      if (gap < 0 || gap > 2 * NEAR || shared <= 0) return;
      if (gap <= NEAR && shared >= 0.5) sides[side].near.push(j);
      else sides[side].far++;
    });
  });
  return sides.map(({ near, far }) => (near.length === 1 && far === 0 ? near[0] : undefined));
}

/** Share of the shorter of two intervals that lies in the other; not above 0 where they are apart. */
function overlap(a: number, aLength: number, b: number, bLength: number): number {
  return (Math.min(a + aLength, b + bLength) - Math.max(a, b)) / Math.min(aLength, bLength);
}
