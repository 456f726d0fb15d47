/** @file Outlines of shapes and letters as coverage per pixel. */

/**
 * Test whether a sample point lies inside an outline. Each pixel has 4 x 4 of them; its coverage is the number inside, 0 to 16. R =
 * 4 · size is the half side. A sample point has odd coordinates from -R + 1 to R - 1; y runs down.
 */
type Inside = (u: number, v: number, r: number) => boolean;

/** Coverage of every pixel of a `size x size` box, 0 to 16, in raster order. @param name of a shape or letter, or `box`. */
export function maskCoverage(name: string, size: number): Uint8Array {
  const inside = SHAPES[name] ?? letter(name);
  const out = new Uint8Array(size * size);
  const r = 4 * size;
  for (let sy = 0; sy < 4 * size; sy++) {
    const v = 2 * sy + 1 - r;
    const row = (sy >> 2) * size;
    for (let sx = 0; sx < 4 * size; sx++) if (inside(2 * sx + 1 - r, v, r)) out[row + (sx >> 2)]++;
  }
  return out;
}

const SHAPES: Record<string, Inside> = {
  box: () => true,
  circle: (u, v, r) => u * u + v * v <= r * r,
  square: (u, v, r) => 8 * Math.abs(u) <= 7 * r && 8 * Math.abs(v) <= 7 * r,
  triangle: (u, v, r) => 16 * Math.abs(u) <= 9 * (v + r) - r && 8 * v <= 7 * r,
  diamond: (u, v, r) => 10 * Math.abs(u) + 8 * Math.abs(v) <= 8 * r,
  cross: (u, v, r) => Math.min(Math.abs(u), Math.abs(v)) * 3 <= r,
  ring: (u, v, r) => u * u + v * v <= r * r && 4 * (u * u + v * v) >= r * r,
  /** A pentagram is what lies on the inner side of at least four of the five lines through its edges. */
  star: (u, v, r) =>
    STAR_LINES.reduce((count, [nu, nv]) => count + (nu * u + nv * (v - (r >> 4)) <= 332 * r ? 1 : 0), 0) >= 4,
  /** Two discs and a wedge below them. */
  heart: (u, v, r) => {
    const a = 40 * Math.abs(u) - 19 * r;
    const b = 40 * v + 14 * r;
    return a * a + b * b <= 441 * r * r || (20 * v >= -7 * r && 10 * Math.abs(u) + 9 * v <= 8 * r && 4 * v >= -r);
  },
};

/** Outward normals of the five lines, times 1024: 72 degrees apart, one of them pointing up. */
const STAR_LINES: readonly (readonly [number, number])[] = [
  [0, -1024],
  [974, -316],
  [602, 828],
  [-602, 828],
  [-974, -316],
];

/** Letters that can be told apart at a glance, 5 x 7 cells each. */
const GLYPHS: Readonly<Record<string, readonly string[]>> = {
  A: [".###.", "#...#", "#...#", "#####", "#...#", "#...#", "#...#"],
  E: ["#####", "#....", "#....", "####.", "#....", "#....", "#####"],
  H: ["#...#", "#...#", "#...#", "#####", "#...#", "#...#", "#...#"],
  K: ["#...#", "#..#.", "#.#..", "##...", "#.#..", "#..#.", "#...#"],
  L: ["#....", "#....", "#....", "#....", "#....", "#....", "#####"],
  O: [".###.", "#...#", "#...#", "#...#", "#...#", "#...#", ".###."],
  T: ["#####", "..#..", "..#..", "..#..", "..#..", "..#..", "..#.."],
  V: ["#...#", "#...#", "#...#", "#...#", ".#.#.", ".#.#.", "..#.."],
  X: ["#...#", "#...#", ".#.#.", "..#..", ".#.#.", "#...#", "#...#"],
  Z: ["#####", "....#", "...#.", "..#..", ".#...", "#....", "#####"],
};

/** A glyph of 5 x 7 cells in the middle of a field of 7 x 7. */
function letter(name: string): Inside {
  const rows = GLYPHS[name];
  return (u, v, r) => {
    const column = Math.floor((7 * (u + r)) / (2 * r)) - 1;
    const row = Math.floor((7 * (v + r)) / (2 * r));
    return column >= 0 && column < 5 && rows[row][column] === "#";
  };
}
