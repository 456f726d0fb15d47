/** @file Scenes from seeds. */
import { refusalFor, shape } from "../core/index.js";
import { type RandomSource, randomSource, textSeed } from "../math/index.js";
import { between, pick, shuffle } from "./draws.js";
import { LEVELS, type Level, WINDOWS } from "./levels.js";
import { BACKGROUNDS, COLORS, type Color, isHeldOut, LETTERS, SHAPES, type Shape } from "./lexicon.js";
import type { Box, Scene, SceneObject } from "./scene.js";

/** Part of every seed: pictures of two versions of the world have nothing to do with each other. */
export const WORLD_VERSION = 1;

/** Where a scene comes from. Seeds of different splits never meet: the split's name is hashed into them. */
export interface SceneSource {
  readonly split: "train" | "val" | "test";
  /** Any whole number: another seed, other pictures. */
  readonly seed: number;
  /** A namespace of its own for each use, such as a task's id, so that no two share pictures. Default: none. */
  readonly purpose?: string;
  /** Number of the scene within its source, from 0. */
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

const refuse = refusalFor("sampleScene");

const { integer, optional } = shape;
const SOURCE = {
  split: shape.oneOf("train", "val", "test"),
  seed: integer(Number.MIN_SAFE_INTEGER),
  purpose: optional(shape.text),
  index: shape.count,
  size: optional(shape.number),
  level: optional(shape.number),
  heldOut: optional(shape.flag),
};

/**
 * Samples a scene. The same source gives the same scene on every engine.
 *
 * @throws InvalidInputError for a size or level that there is none of, or held-out scenes in `train`.
 */
export function sampleScene(source: SceneSource): Scene {
  const given = shape.options(source, SOURCE, refuse, "source");
  const { split, seed, purpose = "", index, size = 336, level = 1, heldOut = false } = given;
  const windows = Object.keys(WINDOWS).map(Number);
  if (size !== 336 && !windows.includes(size)) throw refuse(`a size of 336, ${windows.join(" or ")}`, size);
  if (LEVELS[level - 1] === undefined) throw refuse(`a level from 1 to ${LEVELS.length}`, level);
  if (heldOut && split === "train") throw refuse("held-out combinations in val and test only", split);
  const path = [split, seed, `${size}-${level}`, heldOut ? "held-out" : "iid", index];
  if (purpose !== "") path.push(purpose);
  const id = `world-${WORLD_VERSION}/${path.join("/")}`;
  const random = sceneRandom(id, "scene");
  const boxes = placeBoxes(random, { ...LEVELS[level - 1], ...WINDOWS[size] }, size);
  const objects = attributes(random, boxes, heldOut);
  const shown = heldOut ? withHeldOut(random, objects) : objects;
  return { id, size, background: heldOut ? undefined : pick(random, BACKGROUNDS), objects: shown };
}

type Kind = "large" | "small" | "sign";

/** Places for large objects first, then the others; an object that finds no free place in 40 tries is left out. */
function placeBoxes(random: RandomSource, rules: Level, size: number): { kind: Kind; box: Box }[] {
  const placed: { kind: Kind; box: Box }[] = [];
  const kinds: [Kind, readonly [number, number], readonly [number, number]][] = [
    ["large", rules.large, rules.largeSide],
    ["sign", rules.signs, rules.signSide],
    ["small", rules.small, rules.smallSide],
  ];
  for (const [kind, [least, most], [minSide, maxSide]] of kinds) {
    for (let left = between(random, least, most); left > 0; left--) {
      const side = between(random, minSide, maxSide);
      const box = freePlace(random, side, size, placed);
      if (box !== undefined) placed.push({ kind, box });
    }
  }
  return placed;
}

/** Pixels between two objects at least. */
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
 * Shapes and colors. In two of five pictures all shapes differ. In the others two or three objects share shape or color, so that
 * there is something to count.
 */
function attributes(random: RandomSource, boxes: readonly { kind: Kind; box: Box }[], heldOut: boolean): SceneObject[] {
  const shapes = shuffle(random, SHAPES);
  const colors = shuffle(random, COLORS);
  const plain = boxes.filter(({ kind }) => kind !== "sign").length;
  const theme = random.below(5);
  const group = shuffle(random, [...Array(plain).keys()]).slice(0, between(random, 2, 3));
  const signs = boxes.length - plain;
  let next = 0;
  let sign = 0;
  return boxes.map(({ kind, box }): SceneObject => {
    if (kind === "sign") {
      // Signs take their colors from the far end, so that they seldom share one with a shape.
      const color = colors[COLORS.length - 1 - sign++];
      return { kind, color, letter: pick(random, LETTERS), large: false, box };
    }
    const i = next++;
    const grouped = group.includes(i);
    const shape = shapes[(grouped && theme < 2 ? group[0] : i) % SHAPES.length];
    const wanted =
      grouped && theme >= 2 && theme < 4 ? colors[group[0] % COLORS.length] : colors[i % (COLORS.length - signs)];
    const color = heldOut || !isHeldOut(shape, wanted) ? wanted : pick(random, colorsOf(shape, false));
    return { kind: "shape", shape, color, large: kind === "large", box };
  });
}

/** Colors whose combination with the shape is held out, or those whose is not. */
function colorsOf(shape: Shape, heldOut: boolean): Color[] {
  return COLORS.filter((color) => isHeldOut(shape, color) === heldOut);
}

/** Makes one of the small shapes, or failing that any shape, a held-out combination. */
function withHeldOut(random: RandomSource, objects: readonly SceneObject[]): readonly SceneObject[] {
  const shapes = objects.filter((object) => object.kind === "shape");
  const small = shapes.filter(({ large }) => !large);
  // A small window may show no shape at all.
  if (shapes.length === 0 || small.some(({ shape, color }) => isHeldOut(shape, color))) return objects;
  const chosen = pick(random, small.length > 0 ? small : shapes);
  const color = pick(random, colorsOf(chosen.shape, true));
  return objects.map((object) => (object === chosen ? { ...chosen, color } : object));
}
