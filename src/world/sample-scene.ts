/** @file Scenes from seeds. */
import { refusalFor, shape } from "../core/index.js";
import { type RandomSource, randomSource, textSeed } from "../math/index.js";
import { between, pick, shuffle } from "./draws.js";
import { GROUP, HARD, HARD_WINDOWS, LEVELS, type Level, type LevelName, rulesOf, WINDOWS } from "./levels.js";
import { BACKGROUNDS, COLORS, type Color, isHeldOut, LETTERS, SHAPES, type Shape } from "./lexicon.js";
import { type Box, type Scene, type SceneObject, SIGN_FRAME } from "./scene.js";
import { LEVEL } from "./shapes.js";

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
  /** 1 (default) to 3, or "hard". */
  readonly level?: LevelName;
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
  level: optional(shape.either(shape.number, shape.text)),
  heldOut: optional(shape.flag),
};

/**
 * Samples a scene. The same source gives the same scene on every engine.
 *
 * @throws InvalidInputError for a size or level that there is none of, or held-out scenes in `train`.
 */
export function sampleScene(source: SceneSource): Scene {
  const given = shape.options(source, SOURCE, refuse, "source");
  const { split, seed, purpose = "", index, size = 336, heldOut = false } = given;
  const level = levelOf(given.level ?? 1);
  const windows = Object.keys(WINDOWS).map(Number);
  if (size !== 336 && !windows.includes(size)) throw refuse(`a size of 336, ${windows.join(" or ")}`, size);
  if (heldOut && split === "train") throw refuse("held-out combinations in val and test only", split);
  const path = [split, seed, `${size}-${level}`, heldOut ? "held-out" : "iid", index];
  if (purpose !== "") path.push(purpose);
  const id = `world-${WORLD_VERSION}/${path.join("/")}`;
  const random = sceneRandom(id, "scene");
  const hard = level === HARD;
  const window = hard ? HARD_WINDOWS[size] : WINDOWS[size];
  const boxes = placeBoxes(random, { ...(rulesOf(level) as Level), ...window }, size, hard);
  const objects = hard ? groupedAttributes(random, boxes, heldOut) : attributes(random, boxes, heldOut);
  const shown = heldOut ? withHeldOut(random, objects) : objects;
  const scene = { id, size, background: heldOut ? undefined : pick(random, BACKGROUNDS), objects: shown };
  return hard ? { ...scene, hard } : scene;
}

function levelOf(level: number | string): LevelName {
  if (shape.fits(level, LEVEL)) return level;
  throw refuse(`a level from 1 to ${LEVELS.length} or ${HARD}`, level);
}

type Kind = "large" | "small" | "sign";

/** An object that has its place. */
interface Placed {
  readonly kind: Kind;
  readonly box: Box;
}

/**
 * Places for large objects first, then the others; an object that finds no free place in 40 tries is left out. On the level "hard" signs
 * are wide, and every second small object seeks its place beside another one.
 */
function placeBoxes(random: RandomSource, rules: Level, size: number, hard: boolean): Placed[] {
  const placed: Placed[] = [];
  const kinds: [Kind, readonly [number, number], readonly [number, number]][] = [
    ["large", rules.large, rules.largeSide],
    ["sign", rules.signs, rules.signSide],
    ["small", rules.small, rules.smallSide],
  ];
  for (const [kind, [least, most], [minSide, maxSide]] of kinds) {
    for (let left = between(random, least, most); left > 0; left--) {
      const side = between(random, minSide, maxSide);
      const box = hard ? hardPlace(random, kind, side, size, placed) : freePlace(random, [side, side], size, placed);
      if (box !== undefined) placed.push({ kind, box });
    }
  }
  return placed;
}

/** Pixels between two objects at least. */
const GAP = 4;

function freePlace(
  random: RandomSource,
  [width, height]: readonly [number, number],
  size: number,
  placed: readonly Placed[],
): Box | undefined {
  for (let attempt = 0; attempt < 40; attempt++) {
    const box = { x: random.below(size - width + 1), y: random.below(size - height + 1), width, height };
    if (isClear(box, placed)) return box;
  }
  return undefined;
}

function isClear({ x, y, width, height }: Box, placed: readonly Placed[]): boolean {
  return placed.every(
    ({ box }) =>
      x + width + GAP <= box.x ||
      box.x + box.width + GAP <= x ||
      y + height + GAP <= box.y ||
      box.y + box.height + GAP <= y,
  );
}

function hardPlace(random: RandomSource, kind: Kind, side: number, size: number, placed: readonly Placed[]) {
  if (kind === "sign") return freePlace(random, [2 * side + 2 * SIGN_FRAME, side + 2 * SIGN_FRAME], size, placed);
  const beside = kind === "small" && placed.length > 0 && random.below(2) === 0;
  const box = beside ? placeBeside(random, side, size, placed) : undefined;
  return box ?? freePlace(random, [side, side], size, placed);
}

/** A place just beside another object, along one axis: what "just left of" asks about. */
function placeBeside(random: RandomSource, side: number, size: number, placed: readonly Placed[]): Box | undefined {
  const { box: other } = pick(random, placed);
  const away = between(random, GAP + 2, GAP + 10);
  const aside = between(random, -5, 5);
  const [middleX, middleY] = [other.x + ((other.width - side) >> 1), other.y + ((other.height - side) >> 1)];
  const [x, y] = pick(random, [
    [other.x - side - away, middleY + aside],
    [other.x + other.width + away, middleY + aside],
    [middleX + aside, other.y - side - away],
    [middleX + aside, other.y + other.height + away],
  ]);
  const box = { x, y, width: side, height: side };
  const inside = Math.min(x, y) >= 0 && Math.max(x, y) + side <= size;
  return inside && isClear(box, placed) ? box : undefined;
}

/**
 * Shapes and colors. In two of five pictures all shapes differ. In the others two or three objects share shape or color, so that
 * there is something to count.
 */
function attributes(random: RandomSource, boxes: readonly Placed[], heldOut: boolean): SceneObject[] {
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

/**
 * Shapes and colors of the level "hard": a group of things shares its shape or its color, so that there is something to count; of the
 * others as many as possible have a shape or a color that no other has, so that they can be named. Signs have two letters.
 */
function groupedAttributes(random: RandomSource, boxes: readonly Placed[], heldOut: boolean): SceneObject[] {
  const [ownShape, ...shapes] = shuffle(random, SHAPES);
  const [ownColor, ...colors] = shuffle(random, COLORS);
  const plain = shuffle(
    random,
    [...boxes.keys()].filter((i) => boxes[i].kind !== "sign"),
  );
  const group = new Set(plain.slice(0, between(random, ...GROUP)));
  const sharesShape = random.below(2) === 0;
  let other = 0;
  let sign = 0;
  return boxes.map(({ kind, box }, i): SceneObject => {
    if (kind === "sign") {
      const color = colors[colors.length - 1 - (sign++ % colors.length)];
      return { kind, color, letter: pick(random, LETTERS), second: pick(random, LETTERS), large: false, box };
    }
    const large = kind === "large";
    const own = group.has(i);
    if (own && sharesShape)
      return { kind: "shape", shape: ownShape, color: pick(random, colorsFor(ownShape, heldOut)), large, box };
    if (own) return { kind: "shape", shape: pick(random, shapesFor(ownColor, heldOut)), color: ownColor, large, box };
    const at = other++;
    const shape = sharesShape ? shapes[at % shapes.length] : pick(random, SHAPES);
    const color = sharesShape ? pick(random, COLORS) : colors[at % colors.length];
    if (heldOut || !isHeldOut(shape, color)) return { kind: "shape", shape, color, large, box };
    // What is shared stays; the other part gives way.
    if (sharesShape) return { kind: "shape", shape, color: pick(random, colorsFor(shape, false)), large, box };
    return { kind: "shape", shape: pick(random, shapesFor(color, false)), color, large, box };
  });
}

/** Colors that the shape may have: all, or those of training. */
function colorsFor(shape: Shape, heldOut: boolean): readonly Color[] {
  return heldOut ? COLORS : colorsOf(shape, false);
}

/** Shapes that may have the color: all, or those of training. */
function shapesFor(color: Color, heldOut: boolean): readonly Shape[] {
  return heldOut ? SHAPES : SHAPES.filter((shape) => !isHeldOut(shape, color));
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
