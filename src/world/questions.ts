/**
 * @file Questions about a scene and their answers, all derived from the scene's truth. A candidate is a question without its
 * wording; see wordings.ts.
 */
import { groupBy } from "../core/index.js";
import { besides } from "./besides.js";
import { BACKGROUNDS, COLORS, type Color, isHeldOut, LETTERS, type Letter, SHAPES, type Shape } from "./lexicon.js";
import type { Scene, SceneObject, SignObject } from "./scene.js";
import { assertWorld } from "./shapes.js";

/** The largest number that is asked for, and that of the level "hard". */
const MOST_COUNTED = 3;
const MOST_COUNTED_HARD = 9;

/** Numbers from 0 on, as answers. */
function numbersTo(most: number): readonly string[] {
  return Array.from({ length: most + 1 }, (_, number) => String(number));
}

const NOUNS = [...SHAPES, "sign"] as const;

const YES_NO = ["yes", "no"] as const;

/**
 * All answers that a type of question can have. The type `ground` asks for the background's pattern; files and models have the name. The
 * last three are asked on the level "hard" only: one of a sign's two letters, and questions of two steps.
 */
export const ANSWERS = {
  presence: YES_NO,
  color: COLORS,
  shape: SHAPES,
  letter: LETTERS,
  count: numbersTo(MOST_COUNTED),
  position: YES_NO,
  relation: YES_NO,
  ground: BACKGROUNDS,
  spelling: LETTERS,
  shared: SHAPES,
  beside: COLORS,
} as const satisfies Record<string, readonly string[]>;
/** Type of a question. */
export type QuestionType = keyof typeof ANSWERS;

const HARD_COUNTS = numbersTo(MOST_COUNTED_HARD);

/** All answers that a question of the type can have about the scene. */
export function answersOf(type: QuestionType, { hard }: Pick<Scene, "hard">): readonly string[] {
  return hard && type === "count" ? HARD_COUNTS : ANSWERS[type];
}

/**
 * The parts of a picture that must be kept for the answer. `needle`: one small object; `salient`: one large object; `global`: what is
 * counted, and the background; `multi`: two objects.
 */
export type Slice = "needle" | "salient" | "global" | "multi";

/** A question without its wording. */
export interface Candidate {
  readonly type: QuestionType;
  readonly slice: Slice;
  /** Texts for the template's blanks. */
  readonly blanks: readonly string[];
  /** One word: yes, no, a color, a shape, a pattern, a digit, a letter. */
  readonly answer: string;
  /** Positions in `scene.objects` of what the question asks about; empty for what is not there and for the background. */
  readonly about: readonly number[];
}

/** Every question that the scene answers, in a fixed order. */
export function candidates(scene: Scene): Candidate[] {
  assertWorld("candidates", { scene });
  const { objects, background } = scene;
  const named: Names = {
    nouns: positionsBy(objects, noun),
    colors: positionsBy(objects, ({ color }) => color),
    full: positionsBy(objects, fullName),
  };
  const names = objects.map((object) => uniqueName(named, object));
  return [
    ...objects.flatMap((object) => [
      present(objects, fullName(object), named.full),
      present(objects, noun(object), named.nouns),
    ]),
    ...absent(named, background === undefined),
    ...objects.flatMap((object, i) => attributeQuestions(named, object, i)),
    ...names.flatMap((name, i) => sides(scene, name, i)),
    ...objects.flatMap((_, i) => objects.flatMap((_, j) => places(scene, names, i, j))),
    ...counts(named, scene.hard ? MOST_COUNTED_HARD : MOST_COUNTED),
    ...(background === undefined ? [] : [patternQuestion(background)]),
    ...(scene.hard ? twoSteps(scene, names, named.colors) : []),
  ];
}

/** Positions of objects by what they may be called. */
interface Names {
  readonly nouns: Positions;
  readonly colors: Positions;
  readonly full: Positions;
}
type Positions = ReadonlyMap<string, readonly number[]>;

function positionsBy(objects: Scene["objects"], name: (object: SceneObject) => string): Positions {
  return groupBy(objects.keys(), (i) => name(objects[i]));
}

/** The noun of an object: its shape, or "sign". */
export function noun(object: SceneObject): string {
  return object.kind === "sign" ? "sign" : object.shape;
}

/** "red star". */
export function fullName(object: SceneObject): string {
  return `${object.color} ${noun(object)}`;
}

/** Whether a name fits one object only. */
function isUnique(positions: Positions, name: string): boolean {
  return positions.get(name)?.length === 1;
}

/** The shortest name that fits only this object; undefined if even color and noun fit two. */
function uniqueName({ nouns, full }: Names, object: SceneObject): string | undefined {
  if (isUnique(nouns, noun(object))) return noun(object);
  return isUnique(full, fullName(object)) ? fullName(object) : undefined;
}

/** The slice of a question about one object. */
function sliceOf({ large }: SceneObject): Slice {
  return large ? "salient" : "needle";
}

function present(objects: Scene["objects"], name: string, positions: Positions): Candidate {
  const about = positions.get(name) ?? [];
  // If any of them is large, seeing that one is enough.
  const slice = about.some((i) => objects[i].large) ? "salient" : "needle";
  return { type: "presence", slice, blanks: [`a ${name}`], answer: "yes", about };
}

/**
 * Absent objects: every color of every noun that the scene lacks, and every noun. A scene without combinations that training must
 * not see asks nothing about them. Else a model could learn that they never exist.
 */
function absent({ nouns, full }: Names, heldOutShown: boolean): Candidate[] {
  const isAsked = (word: Shape | "sign", color: Color) => heldOutShown || word === "sign" || !isHeldOut(word, color);
  return NOUNS.flatMap((word) => [
    ...(nouns.has(word) ? [] : [missing(word)]),
    ...COLORS.filter((color) => isAsked(word, color) && !full.has(`${color} ${word}`)).map((color) =>
      missing(`${color} ${word}`),
    ),
  ]);
}

/** An absent object has no place; it is asked for as a small one would be. */
function missing(name: string): Candidate {
  return { type: "presence", slice: "needle", blanks: [`a ${name}`], answer: "no", about: [] };
}

/** Color, shape and letter, where the wording fits one object only. */
function attributeQuestions({ nouns, colors, full }: Names, object: SceneObject, i: number): Candidate[] {
  const out: Candidate[] = [];
  const ask = (type: QuestionType, name: string, answer: string) =>
    out.push({ type, slice: sliceOf(object), blanks: [name], answer, about: [i] });
  if (isUnique(nouns, noun(object))) ask("color", noun(object), object.color);
  if (object.kind === "shape") {
    if (isUnique(colors, object.color)) ask("shape", object.color, object.shape);
  } else {
    const named = [
      ...(isUnique(nouns, "sign") ? ["sign"] : []),
      ...(isUnique(full, fullName(object)) ? [fullName(object)] : []),
    ];
    for (const name of named) {
      if (object.second === undefined) ask("letter", name, object.letter);
      else out.push(...spellings(object, object.second, name, i));
    }
  }
  return out;
}

/** Each of a sign's two letters. */
function spellings(object: SignObject, second: Letter, name: string, i: number): Candidate[] {
  const spelling = (word: string, answer: Letter): Candidate => {
    return { type: "spelling", slice: sliceOf(object), blanks: [name, word], answer, about: [i] };
  };
  return [spelling("left", object.letter), spelling("right", second)];
}

function center({ box }: SceneObject): readonly [number, number] {
  return [box.x + (box.width >> 1), box.y + (box.height >> 1)];
}

/** Words for two sides of the picture, from left to right and from top to bottom. */
const SIDES = [
  ["left", "right"],
  ["top", "bottom"],
] as const;
/** Words for two places beside an object, along the same axes: opposites. */
export const PLACES = [
  ["left of", "right of"],
  ["above", "below"],
] as const;

/**
 * Yes/no questions about a direction along each axis.
 *
 * @param off how far to the right and below, in pixels; along an axis where that is less than `least`, nothing is asked.
 */
function directions(
  words: typeof SIDES | typeof PLACES,
  off: readonly number[],
  least: number,
  { type, slice, blanks, about }: Omit<Candidate, "answer">,
): Candidate[] {
  return words.flatMap((pair, axis) => {
    if (Math.abs(off[axis]) < least) return [];
    return pair.map((word, i) => {
      const answer = (i === 0) === off[axis] < 0 ? "yes" : "no";
      return { type, slice, blanks: [...blanks, word], answer, about };
    });
  });
}

/** Sides of the picture, for a center at least 1/12 from the middle. */
function sides({ objects, size }: Scene, name: string | undefined, i: number): Candidate[] {
  if (name === undefined) return [];
  const off = center(objects[i]).map((at) => 2 * at - size);
  return directions(SIDES, off, size / 6, { type: "position", slice: sliceOf(objects[i]), blanks: [name], about: [i] });
}

/** Places beside each other, for two centers at least 1/8 apart. */
function places({ objects, size }: Scene, names: readonly (string | undefined)[], i: number, j: number): Candidate[] {
  const [name, other] = [names[i], names[j]];
  if (i === j || name === undefined || other === undefined) return [];
  const from = center(objects[j]);
  const off = center(objects[i]).map((at, axis) => at - from[axis]);
  return directions(PLACES, off, size / 8, { type: "relation", slice: "multi", blanks: [name, other], about: [i, j] });
}

function counts({ nouns, colors }: Names, most: number): Candidate[] {
  const count = (name: string, about: readonly number[] = []): Candidate[] => {
    const candidate = { type: "count", slice: "global", blanks: [name], answer: String(about.length), about } as const;
    return about.length > most ? [] : [candidate];
  };
  return [
    ...NOUNS.flatMap((word) => count(word === "cross" ? "crosses" : `${word}s`, nouns.get(word))),
    ...COLORS.flatMap((color) => count(`${color} things`, colors.get(color))),
  ];
}

function patternQuestion(answer: string): Candidate {
  return { type: "ground", slice: "global", blanks: [], answer, about: [] };
}

/** Questions of two steps: the color of what is just beside a thing, the shape of what has the color of a thing. */
function twoSteps(scene: Scene, names: readonly (string | undefined)[], colors: Positions): Candidate[] {
  const { objects } = scene;
  return names.flatMap((name, i): Candidate[] => {
    if (name === undefined) return [];
    const beside = besides(scene, i).flatMap((j, side): Candidate[] => {
      if (j === undefined) return [];
      return [
        {
          type: "beside",
          slice: "multi",
          blanks: [name, PLACES.flat()[side]],
          answer: objects[j].color,
          about: [i, j],
        },
      ];
    });
    const others = (colors.get(objects[i].color) ?? []).filter((j) => j !== i);
    const [j] = others;
    const other = others.length === 1 ? objects[j] : undefined;
    // A name with the color in it would make it a question of one step.
    if (other?.kind !== "shape" || name.includes(" ")) return beside;
    return [...beside, { type: "shared", slice: "multi", blanks: [name], answer: other.shape, about: [i, j] }];
  });
}
