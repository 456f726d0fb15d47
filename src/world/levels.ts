/** @file Levels of difficulty: how many objects a picture has, how large, how visible. */

/**
 * Difficulty of pictures. Least and most of each: how many objects of each kind, their sides in pixels, the opacity of small shapes
 * of 256 (the lower, the more they sink into the background), the amplitude of the background's noise.
 */
export type Level = Readonly<
  Record<
    "large" | "small" | "signs" | "largeSide" | "smallSide" | "signSide" | "smallAlpha" | "grain",
    readonly [least: number, most: number]
  >
>;

/** Whole pictures of 336 pixels. Level 1 is what the bundled model is trained on; 2 and 3 are harder. */
export const LEVELS: readonly Level[] = [
  {
    large: [2, 3],
    small: [3, 5],
    signs: [1, 2],
    largeSide: [86, 112],
    smallSide: [44, 58],
    signSide: [54, 60],
    smallAlpha: [150, 200],
    grain: [6, 18],
  },
  {
    large: [2, 4],
    small: [4, 6],
    signs: [1, 2],
    largeSide: [86, 112],
    smallSide: [38, 50],
    signSide: [48, 54],
    smallAlpha: [110, 160],
    grain: [10, 26],
  },
  {
    large: [3, 4],
    small: [5, 7],
    signs: [2, 3],
    largeSide: [84, 104],
    smallSide: [32, 42],
    signSide: [40, 48],
    smallAlpha: [80, 120],
    grain: [14, 34],
  },
];

/** The name of the level whose questions are harder too, beside the numbers of the others. */
export const HARD = "hard";
/** A level: 1, 2, 3 or "hard". */
export type LevelName = number | typeof HARD;

/**
 * Pictures of the level "hard": things that cover two patches each way, groups of things that share a shape or a color (up to nine are
 * counted), signs with two letters. `signSide` is the side of one letter's panel. Things stay large enough for a person to name them.
 */
const HARD_RULES: Level = {
  large: [1, 2],
  small: [9, 13],
  signs: [2, 4],
  largeSide: [72, 92],
  smallSide: [24, 32],
  signSide: [26, 30],
  smallAlpha: [130, 180],
  grain: [8, 22],
};

/** The rules of a level; undefined for one that there is none of. */
export function rulesOf(level: LevelName): Level | undefined {
  return level === HARD ? HARD_RULES : LEVELS[level - 1];
}

/** Training windows of 168 and 112 pixels: the same scale, fewer objects, so that a model learns on short sequences. */
export const WINDOWS: Readonly<Record<number, Partial<Level>>> = {
  168: { large: [0, 1], small: [2, 3], signs: [0, 1], largeSide: [76, 96] },
  112: { large: [0, 0], small: [1, 3], signs: [0, 1] },
};

/** The same of the level "hard". */
export const HARD_WINDOWS: Readonly<Record<number, Partial<Level>>> = {
  168: { large: [0, 1], small: [4, 6], signs: [0, 1], largeSide: [60, 76] },
  112: { large: [0, 0], small: [2, 4], signs: [0, 1] },
};

/** How many things of a "hard" picture share a shape or a color: counts from four to nine come from these groups. */
export const GROUP: readonly [least: number, most: number] = [3, 9];
