import { InvalidInputError } from "../core/index.js";
import { type RandomSource, randomSource, textSeed } from "../math/index.js";
import { LEVELS, type Level, WINDOWS } from "./levels.js";
import { COLORS, type Color, GROUNDS, isHeldOut, LETTERS, type Letter, SHAPES, type Shape } from "./lexicon.js";
import type { Box, Scene, ShapeThing, SignThing, Thing } from "./scene.js";

/** Part of every seed: pictures of two versions of the world have nothing to do with each other. */
export const WORLD_VERSION = 1;

/** Where a scene comes from. Seeds of different splits never meet: the split's name is hashed into them. */
export interface SceneSource {
  readonly split: "train" | "val" | "test";
  /** Any whole number: another seed, other pictures. */
  readonly seed: number;
  /** A namespace of its own for each use, such as a task's id, so that no two share pictures. Default: none. */
  readonly purpose?: string;
  readonly index: number;
  /** 336 (default) or a training window, 168 or 112. */
  readonly size?: number;
  /** 1 (default) to 3. */
  readonly level?: number;
  /** Shows at least one held-out combination of shape and color, on a pattern of the test's; never in `train`. */
  readonly heldOut?: boolean;
}

/** The stream of random numbers of one scene and one purpose. */
export function sceneRandom(id: string, purpose: string): RandomSource {
  return randomSource(textSeed(`${id}/${purpose}`));
}

/**
 * Samples a scene. The same source gives the same scene on every engine.
 *
 * @throws InvalidInputError for a size or level that there is none of, or held-out scenes in `train`.
 */
export function sampleScene(source: SceneSource): Scene {
  const { split, seed, purpose = "", index, size = 336, level = 1, heldOut = false } = source;
  const windows = Object.keys(WINDOWS).map(Number);
  if (size !== 336 && !windows.includes(size)) refuse(`a size of 336, ${windows.join(" or ")}`, String(size));
  if (LEVELS[level - 1] === undefined) refuse(`a level from 1 to ${LEVELS.length}`, String(level));
  if (heldOut && split === "train") refuse("held-out combinations in val and test only", split);
  const half = heldOut ? "held-out" : "iid";
  const path = [split, seed, `${size}-${level}`, half, index, ...(purpose === "" ? [] : [purpose])];
  const id = `world-${WORLD_VERSION}/${path.join("/")}`;
  const random = sceneRandom(id, "scene");
  const rules: Level = { ...LEVELS[level - 1], ...WINDOWS[size] };
  const boxes = placeBoxes(random, rules, size);
  const allowed = (shape: Shape, color: Color) => heldOut || !isHeldOut(shape, color);
  const things = attributes(random, boxes, allowed);
  const shown = heldOut ? withHeldOut(random, things) : things;
  return { id, size, ground: heldOut ? undefined : pick(random, GROUNDS), things: shown };
}

function refuse(expected: string, got: string): never {
  throw new InvalidInputError({ operation: "sampleScene", expected, got });
}

type Kind = "large" | "small" | "sign";

/** Places for large things first, then the others; a thing that finds no free place in 40 tries is left out. */
function placeBoxes(random: RandomSource, rules: Level, size: number): { kind: Kind; box: Box }[] {
  const placed: { kind: Kind; box: Box }[] = [];
  const kinds: [Kind, readonly [number, number], readonly [number, number]][] = [
    ["large", rules.large, rules.largeSide],
    ["sign", rules.signs, rules.signSide],
    ["small", rules.small, rules.smallSide],
  ];
  for (const [kind, [least, most], [minSide, maxSide]] of kinds) {
    const count = between(random, least, most);
    for (let i = 0; i < count; i++) {
      const side = between(random, minSide, maxSide);
      const box = freePlace(random, side, size, placed);
      if (box !== undefined) placed.push({ kind, box });
    }
  }
  return placed;
}

/** Pixels between two things at least. */
const GAP = 4;

function freePlace(random: RandomSource, side: number, size: number, placed: readonly { box: Box }[]): Box | undefined {
  for (let attempt = 0; attempt < 40; attempt++) {
    const x = random.below(size - side + 1);
    const y = random.below(size - side + 1);
    const clear = placed.every(
      ({ box }) =>
        x + side + GAP <= box.x ||
        box.x + box.width + GAP <= x ||
        y + side + GAP <= box.y ||
        box.y + box.height + GAP <= y,
    );
    if (clear) return { x, y, width: side, height: side };
  }
  return undefined;
}

/**
 * Shapes and colors. In two of five pictures all shapes differ, in the others two or three things share their shape or
 * their color, so that there is something to count.
 */
function attributes(
  random: RandomSource,
  boxes: readonly { kind: Kind; box: Box }[],
  allowed: (shape: Shape, color: Color) => boolean,
): Thing[] {
  const shapes = shuffle(random, SHAPES);
  const colors = shuffle(random, COLORS);
  const plain = boxes.filter(({ kind }) => kind !== "sign").length;
  const theme = random.below(5);
  const group = shuffle(random, range(plain)).slice(0, between(random, 2, 3));
  const signs = boxes.length - plain;
  let next = 0;
  let sign = 0;
  return boxes.map(({ kind, box }): Thing => {
    if (kind === "sign") {
      // Signs take their colors from the far end, so that they seldom share one with a shape.
      return signThing(colors[COLORS.length - 1 - sign++], pick(random, LETTERS), box);
    }
    const i = next++;
    const grouped = group.includes(i);
    const shape = shapes[(grouped && theme < 2 ? group[0] : i) % SHAPES.length];
    const wanted =
      grouped && theme >= 2 && theme < 4 ? colors[group[0] % COLORS.length] : colors[i % (COLORS.length - signs)];
    return shapeThing(shape, allowedColor(random, shape, wanted, allowed), kind === "large", box);
  });
}

/** The wanted color, or for a combination that is not allowed any that is. */
function allowedColor(
  random: RandomSource,
  shape: Shape,
  wanted: Color,
  allowed: (shape: Shape, color: Color) => boolean,
): Color {
  if (allowed(shape, wanted)) return wanted;
  return pick(
    random,
    COLORS.filter((color) => allowed(shape, color)),
  );
}

/** Makes one of the small shapes, or failing that any shape, a held-out combination. */
function withHeldOut(random: RandomSource, things: readonly Thing[]): Thing[] {
  if (things.some((thing) => thing.kind === "shape" && !thing.large && isHeldOut(thing.shape, thing.color))) {
    return [...things];
  }
  const shapes = things.filter((thing): thing is ShapeThing => thing.kind === "shape");
  // A small window may show no shape at all.
  if (shapes.length === 0) return [...things];
  const small = shapes.filter(({ large }) => !large);
  const chosen = pick(random, small.length > 0 ? small : shapes);
  const color = pick(
    random,
    COLORS.filter((candidate) => isHeldOut(chosen.shape, candidate)),
  );
  return things.map((thing) => (thing === chosen ? { ...chosen, color } : thing));
}

function shapeThing(shape: Shape, color: Color, large: boolean, box: Box): ShapeThing {
  return { kind: "shape", shape, color, large, box };
}

function signThing(color: Color, letter: Letter, box: Box): SignThing {
  return { kind: "sign", color, letter, large: false, box };
}

/** A whole number from `least` to `most`. */
export function between(random: RandomSource, least: number, most: number): number {
  return least + random.below(most - least + 1);
}

export function pick<T>(random: RandomSource, list: readonly T[]): T {
  return list[random.below(list.length)];
}

/** A shuffled copy (Fisher and Yates). */
export function shuffle<T>(random: RandomSource, list: readonly T[]): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
