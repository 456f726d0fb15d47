/**
 * @file Questions about a scene and their answers, all derived from the scene's truth. A candidate is a question without its
 * wording; see wordings.ts.
 */
import { BACKGROUNDS, COLORS, isHeldOut, LETTERS, SHAPES, type Shape } from "./lexicon.js";
import type { Scene, SceneObject } from "./scene.js";

/** The largest number that is asked for. */
const MOST_COUNTED = 3;

const YES_NO = ["yes", "no"] as const;

/** All answers that a type of question can have. The type `ground` asks for the background's pattern; files and models have the name. */
export const ANSWERS = {
  presence: YES_NO,
  color: COLORS,
  shape: SHAPES,
  letter: LETTERS,
  count: Array.from({ length: MOST_COUNTED + 1 }, (_, number) => String(number)),
  position: YES_NO,
  relation: YES_NO,
  ground: BACKGROUNDS,
} as const satisfies Record<string, readonly string[]>;
export type QuestionType = keyof typeof ANSWERS;

/**
 * The parts of a picture that must be kept for the answer. `needle`: one small object; `salient`: one large object; `global`: what is
 * counted, and the background; `multi`: two objects.
 */
export type Slice = "needle" | "salient" | "global" | "multi";

/** A question without its wording. */
export interface Candidate {
  readonly type: QuestionType;
  readonly slice: Slice;
  /** What fills the template's blanks. */
  readonly blanks: readonly string[];
  /** One word: yes, no, a color, a shape, a pattern, a digit, a letter. */
  readonly answer: string;
  /** Positions in `scene.objects` of what the question asks about; empty for what is not there and for the background. */
  readonly about: readonly number[];
}

/** Every question that the scene answers, in a fixed order. */
export function candidates(scene: Scene): Candidate[] {
  const { objects } = scene;
  return [
    ...objects.flatMap((_, i) => [present(scene, i, true), present(scene, i, false)]),
    ...absent(scene),
    ...objects.flatMap((_, i) => attributeQuestions(scene, i)),
    ...objects.flatMap((_, i) => positions(scene, i)),
    ...objects.flatMap((_, i) => objects.flatMap((_, j) => relations(scene, i, j))),
    ...counts(scene),
    ...patterns(scene),
  ];
}

/** The noun of an object: its shape, or "sign". */
export function noun(object: SceneObject): string {
  return object.kind === "sign" ? "sign" : object.shape;
}

/** The slice of a question about one object. */
function sliceOf(object: SceneObject): Slice {
  return object.large ? "salient" : "needle";
}

/** Positions of the objects for which `test` holds. */
function where(scene: Scene, test: (object: SceneObject) => boolean): number[] {
  return scene.objects.flatMap((object, i) => (test(object) ? [i] : []));
}

function present(scene: Scene, i: number, withColor: boolean): Candidate {
  const object = scene.objects[i];
  const about = where(scene, (other) => noun(other) === noun(object) && (!withColor || other.color === object.color));
  // If any of them is large, seeing that one is enough.
  const large = about.some((other) => scene.objects[other].large);
  const name = withColor ? `${object.color} ${noun(object)}` : noun(object);
  return { type: "presence", slice: large ? "salient" : "needle", blanks: [`a ${name}`], answer: "yes", about };
}

/**
 * Absent objects: every color of every noun that the scene lacks, and every noun. Of combinations that training must not
 * see, a scene without any asks nothing: else a model could learn that they never exist.
 */
function absent(scene: Scene): Candidate[] {
  const heldOutShown = scene.background === undefined;
  const isAbsent = (word: string, color?: string) =>
    !scene.objects.some((object) => noun(object) === word && (color === undefined || object.color === color));
  return [...SHAPES, "sign"].flatMap((word) => {
    const colors = COLORS.filter((color) => heldOutShown || word === "sign" || !isHeldOut(word as Shape, color));
    const missed = colors.filter((color) => isAbsent(word, color)).map((color) => missing(`a ${color} ${word}`));
    return isAbsent(word) ? [missing(`a ${word}`), ...missed] : missed;
  });
}

/** What is not there has no place; asked for as one asks for a small object. */
function missing(name: string): Candidate {
  return { type: "presence", slice: "needle", blanks: [name], answer: "no", about: [] };
}

/** Color, shape and letter, where the wording fits one object only. */
function attributeQuestions(scene: Scene, i: number): Candidate[] {
  const object = scene.objects[i];
  const slice = sliceOf(object);
  const about = [i];
  const out: Candidate[] = [];
  if (isOnly(scene, i, noun)) {
    out.push({ type: "color", slice, blanks: [noun(object)], answer: object.color, about });
    if (object.kind === "sign") out.push({ type: "letter", slice, blanks: ["sign"], answer: object.letter, about });
  }
  if (object.kind === "shape" && isOnly(scene, i, ({ color }) => color)) {
    out.push({ type: "shape", slice, blanks: [object.color], answer: object.shape, about });
  }
  if (object.kind === "sign" && isOnly(scene, i, fullName)) {
    out.push({ type: "letter", slice, blanks: [fullName(object)], answer: object.letter, about });
  }
  return out;
}

/** True if no other object has the same `property`. */
function isOnly(scene: Scene, i: number, property: (object: SceneObject) => string): boolean {
  return where(scene, (other) => property(other) === property(scene.objects[i])).length === 1;
}

export function fullName(object: SceneObject): string {
  return `${object.color} ${noun(object)}`;
}

/** The shortest name that fits only this object; undefined if even color and noun fit two. */
function uniqueName(scene: Scene, i: number): string | undefined {
  const object = scene.objects[i];
  if (isOnly(scene, i, noun)) return noun(object);
  return isOnly(scene, i, fullName) ? fullName(object) : undefined;
}

function center({ box }: SceneObject): readonly [number, number] {
  return [box.x + (box.width >> 1), box.y + (box.height >> 1)];
}

/** Words for two sides of the picture, and for two places beside an object; first from left to right, then from top to bottom. */
const SIDES = [
  ["left", "right"],
  ["top", "bottom"],
] as const;
const PLACES = [
  ["left of", "right of"],
  ["above", "below"],
] as const;

/**
 * Yes/no questions about a direction along each axis.
 *
 * @param off how far to the right or below, in pixels.
 * @param least asked only from this share of the picture on, as 1 / `least`.
 */
function directions(
  { size }: Scene,
  words: typeof SIDES | typeof PLACES,
  { off, least }: { off: (axis: number) => number; least: number },
  { type, slice, blanks, about }: Omit<Candidate, "answer">,
): Candidate[] {
  return words.flatMap((pair, axis) => {
    if (Math.abs(off(axis)) * least < size) return [];
    return pair.map((word, i) => {
      const answer = (i === 0) === off(axis) < 0 ? "yes" : "no";
      return { type, slice, blanks: [...blanks, word], answer, about };
    });
  });
}

/** Sides of the picture, for a center at least 1/12 from the middle. */
function positions(scene: Scene, i: number): Candidate[] {
  const name = uniqueName(scene, i);
  if (name === undefined) return [];
  const object = scene.objects[i];
  const off = (axis: number) => 2 * center(object)[axis] - scene.size;
  const rest = { type: "position", slice: sliceOf(object), blanks: [name], about: [i] } as const;
  return directions(scene, SIDES, { off, least: 6 }, rest);
}

/** Places beside each other, for two centers at least 1/8 apart. */
function relations(scene: Scene, i: number, j: number): Candidate[] {
  const [name, other] = [uniqueName(scene, i), uniqueName(scene, j)];
  if (i === j || name === undefined || other === undefined) return [];
  const off = (axis: number) => center(scene.objects[i])[axis] - center(scene.objects[j])[axis];
  const rest = { type: "relation", slice: "multi", blanks: [name, other], about: [i, j] } as const;
  return directions(scene, PLACES, { off, least: 8 }, rest);
}

function counts(scene: Scene): Candidate[] {
  const kinds: [string, number[]][] = [
    ...[...SHAPES, "sign"].map((word): [string, number[]] => [
      plural(word),
      where(scene, (object) => noun(object) === word),
    ]),
    ...COLORS.map((color): [string, number[]] => [`${color} things`, where(scene, (object) => object.color === color)]),
  ];
  return kinds
    .filter(([, about]) => about.length <= MOST_COUNTED)
    .map(([name, about]) => ({ type: "count", slice: "global", blanks: [name], answer: String(about.length), about }));
}

function plural(word: string): string {
  return word === "cross" ? "crosses" : `${word}s`;
}

function patterns({ background }: Scene): Candidate[] {
  if (background === undefined) return [];
  return [{ type: "ground", slice: "global", blanks: [], answer: background, about: [] }];
}
