/**
 * @file Questions about a scene and their answers, all derived from the scene's truth. A candidate is a question without its
 * wording; `ask` words it by one of its type's templates. The last template of each type is for the test only.
 */
import { COLORS, type Color, GROUNDS, isHeldOut, SHAPES, type Shape } from "./lexicon.js";
import type { Scene, Thing } from "./scene.js";

export const QUESTION_TYPES = [
  "presence",
  "color",
  "shape",
  "letter",
  "count",
  "position",
  "relation",
  "ground",
] as const;
export type QuestionType = (typeof QUESTION_TYPES)[number];

/**
 * What a compression method must keep for the answer. `needle`: one small thing; `salient`: one large thing; `global`: counts
 * and the ground; `multi`: two things.
 */
export const SLICES = ["needle", "salient", "global", "multi"] as const;
export type Slice = (typeof SLICES)[number];

/** A question without its wording. */
export interface Candidate {
  readonly type: QuestionType;
  readonly slice: Slice;
  /** What fills the template's blanks. */
  readonly blanks: readonly string[];
  /** One word: yes, no, a color, a shape, a pattern, a digit, a letter. */
  readonly answer: string;
  /** Positions in `scene.things` of what the question asks about; empty for what is not there and for the ground. */
  readonly about: readonly number[];
}

/** A question as it is put to a model. */
export interface Question extends Candidate {
  readonly text: string;
  /** Which of the type's templates worded it, from 0. */
  readonly template: number;
}

/** Wordings per type; $1 and $2 are the blanks. The last of each type is never seen in training. */
export const TEMPLATES: Readonly<Record<QuestionType, readonly string[]>> = {
  presence: ["Is there $1 in the image?", "Is there $1?", "Does the image show $1?", "Is $1 in the image?"],
  color: [
    "What color is the $1?",
    "What is the color of the $1?",
    "The $1 has which color?",
    "Which is the color of the $1?",
    "In the image, what color is the $1?",
    "Which color has the $1 in the image?",
    "Which color is the $1 in the image?",
  ],
  shape: [
    "What shape is the $1 thing?",
    "What is the shape of the $1 thing?",
    "The $1 thing has which shape?",
    "Which is the shape of the $1 thing?",
    "In the image, what shape is the $1 thing?",
    "Which shape has the $1 thing in the image?",
    "Which shape is the $1 thing in the image?",
  ],
  letter: [
    "What letter is on the $1?",
    "Which letter does the $1 show?",
    "What is the letter on the $1?",
    "In the image, what letter is on the $1?",
    "Which letter has the $1 in the image?",
    "Which letter is on the $1 in the image?",
  ],
  count: [
    "How many $1 are in the image?",
    "How many $1 are there?",
    "What is the number of $1?",
    "In the image, how many $1 are there?",
    "What number of $1 does the image show?",
    "How many $1 does the image show?",
  ],
  position: [
    "Is the $1 on the $2 of the image?",
    "Is the $1 on the $2?",
    "Does the image show the $1 on the $2?",
    "On the $2, does the image show the $1?",
    "On the $2 of the image, is there the $1?",
  ],
  relation: [
    "Is the $1 $3 the $2?",
    "Is there the $1 $3 the $2?",
    "The $1 is $3 the $2?",
    "Does the image show the $1 $3 the $2?",
    "In the image, is the $1 $3 the $2?",
  ],
  ground: [
    "What pattern is the ground?",
    "What is the pattern of the ground?",
    "The ground has which pattern?",
    "Which is the pattern of the ground?",
    "Which pattern is the ground in the image?",
  ],
};

/** Number of a type's wordings that training may use: all but the last. */
export function trainingTemplates(type: QuestionType): number {
  return TEMPLATES[type].length - 1;
}

/** Words a candidate by one of its type's templates. */
export function ask(candidate: Candidate, template: number): Question {
  const text = TEMPLATES[candidate.type][template].replace(/\$(\d)/g, (_, blank) => candidate.blanks[blank - 1]);
  return { ...candidate, text, template };
}

/** Every question that the scene answers, in a fixed order. */
export function candidates(scene: Scene): Candidate[] {
  const { things } = scene;
  return [
    ...things.flatMap((_, i) => [present(scene, i, true), present(scene, i, false)]),
    ...absent(scene),
    ...things.flatMap((_, i) => attributeQuestions(scene, i)),
    ...things.flatMap((_, i) => positions(scene, i)),
    ...things.flatMap((_, i) => things.flatMap((_, j) => relations(scene, i, j))),
    ...counts(scene),
    ...(scene.ground === undefined ? [] : [groundQuestion(scene.ground)]),
  ];
}

/** The noun of a thing: its shape, or "sign". */
export function noun(thing: Thing): string {
  return thing.kind === "sign" ? "sign" : thing.shape;
}

/** The slice of a question about one thing. */
export function sliceOf(thing: Thing): Slice {
  return thing.large ? "salient" : "needle";
}

/** Positions of the things for which `test` holds. */
function where(scene: Scene, test: (thing: Thing) => boolean): number[] {
  return scene.things.flatMap((thing, i) => (test(thing) ? [i] : []));
}

function present(scene: Scene, i: number, withColor: boolean): Candidate {
  const thing = scene.things[i];
  const about = where(scene, (other) => noun(other) === noun(thing) && (!withColor || other.color === thing.color));
  // If any of them is large, seeing that one is enough.
  const large = about.some((other) => scene.things[other].large);
  const name = withColor ? `${thing.color} ${noun(thing)}` : noun(thing);
  return { type: "presence", slice: large ? "salient" : "needle", blanks: [`a ${name}`], answer: "yes", about };
}

/**
 * Absent things: every color of every noun that the scene lacks, and every noun. Of combinations that training must not
 * see, a scene without any asks nothing: else a model could learn that they never exist.
 */
function absent(scene: Scene): Candidate[] {
  const out: Candidate[] = [];
  const heldOutShown = scene.ground === undefined;
  for (const word of [...SHAPES, "sign"]) {
    if (where(scene, (thing) => noun(thing) === word).length === 0) out.push(missing(`a ${word}`));
    for (const color of COLORS) {
      if (word !== "sign" && !heldOutShown && isHeldOut(word as Shape, color)) continue;
      if (where(scene, (thing) => noun(thing) === word && thing.color === color).length === 0) {
        out.push(missing(`a ${color} ${word}`));
      }
    }
  }
  return out;
}

/** What is not there has no place; asked for as one asks for a small thing. */
function missing(name: string): Candidate {
  return { type: "presence", slice: "needle", blanks: [name], answer: "no", about: [] };
}

/** Color, shape and letter, where the wording fits one thing only. */
function attributeQuestions(scene: Scene, i: number): Candidate[] {
  const thing = scene.things[i];
  const slice = sliceOf(thing);
  const about = [i];
  const out: Candidate[] = [];
  if (isOnly(scene, i, noun)) {
    out.push({ type: "color", slice, blanks: [noun(thing)], answer: thing.color, about });
    if (thing.kind === "sign") out.push({ type: "letter", slice, blanks: ["sign"], answer: thing.letter, about });
  }
  if (thing.kind === "shape" && isOnly(scene, i, ({ color }) => color)) {
    out.push({ type: "shape", slice, blanks: [thing.color], answer: thing.shape, about });
  }
  if (thing.kind === "sign" && isOnly(scene, i, fullName)) {
    out.push({ type: "letter", slice, blanks: [fullName(thing)], answer: thing.letter, about });
  }
  return out;
}

/** True if no other thing has the same `property`. */
function isOnly(scene: Scene, i: number, property: (thing: Thing) => string): boolean {
  return where(scene, (other) => property(other) === property(scene.things[i])).length === 1;
}

export function fullName(thing: Thing): string {
  return `${thing.color} ${noun(thing)}`;
}

/** The shortest name that fits only this thing; undefined if even color and noun fit two. */
function uniqueName(scene: Scene, i: number): string | undefined {
  const thing = scene.things[i];
  if (isOnly(scene, i, noun)) return noun(thing);
  return isOnly(scene, i, fullName) ? fullName(thing) : undefined;
}

function center({ box }: Thing): readonly [number, number] {
  return [box.x + (box.width >> 1), box.y + (box.height >> 1)];
}

/** A thing's center must be this far from the middle for its side to be asked, in parts of the picture: 1/12. */
const CLEAR_OF_MIDDLE = 12;

function positions(scene: Scene, i: number): Candidate[] {
  const name = uniqueName(scene, i);
  if (name === undefined) return [];
  const out: Candidate[] = [];
  const sides = [
    ["left", "right"],
    ["top", "bottom"],
  ] as const;
  sides.forEach(([before, after], axis) => {
    const off = 2 * center(scene.things[i])[axis] - scene.size;
    if (Math.abs(off) * CLEAR_OF_MIDDLE < 2 * scene.size) return;
    for (const side of [before, after]) {
      const answer = (side === before) === off < 0 ? "yes" : "no";
      out.push({ type: "position", slice: sliceOf(scene.things[i]), blanks: [name, side], answer, about: [i] });
    }
  });
  return out;
}

/** Two centers must differ this much along an axis for it to be asked, in parts of the picture: 1/8. */
const CLEAR_OF_EACH_OTHER = 8;

function relations(scene: Scene, i: number, j: number): Candidate[] {
  const names = [uniqueName(scene, i), uniqueName(scene, j)];
  if (i === j || names[0] === undefined || names[1] === undefined) return [];
  const out: Candidate[] = [];
  const words = [
    ["left of", "right of"],
    ["above", "below"],
  ] as const;
  words.forEach(([before, after], axis) => {
    const off = center(scene.things[i])[axis] - center(scene.things[j])[axis];
    if (Math.abs(off) * CLEAR_OF_EACH_OTHER < scene.size) return;
    for (const word of [before, after]) {
      const answer = (word === before) === off < 0 ? "yes" : "no";
      out.push({ type: "relation", slice: "multi", blanks: [...(names as string[]), word], answer, about: [i, j] });
    }
  });
  return out;
}

/** The largest number that is asked for. */
export const MOST_COUNTED = 3;

function counts(scene: Scene): Candidate[] {
  const kinds: [string, number[]][] = [
    ...[...SHAPES, "sign"].map((word): [string, number[]] => [
      plural(word),
      where(scene, (thing) => noun(thing) === word),
    ]),
    ...COLORS.map((color): [string, number[]] => [`${color} things`, where(scene, (thing) => thing.color === color)]),
  ];
  return kinds
    .filter(([, about]) => about.length <= MOST_COUNTED)
    .map(([name, about]) => ({ type: "count", slice: "global", blanks: [name], answer: String(about.length), about }));
}

function plural(word: string): string {
  return word === "cross" ? "crosses" : `${word}s`;
}

function groundQuestion(ground: (typeof GROUNDS)[number]): Candidate {
  return { type: "ground", slice: "global", blanks: [], answer: ground, about: [] };
}

/** All answers that a type of question can have. */
export function answersOf(type: QuestionType): readonly string[] {
  switch (type) {
    case "color":
      return COLORS as readonly Color[];
    case "shape":
      return SHAPES;
    case "letter":
      return LETTER_ANSWERS;
    case "count":
      return COUNT_ANSWERS;
    case "ground":
      return GROUNDS;
    default:
      return YES_NO;
  }
}

const LETTER_ANSWERS = ["A", "E", "H", "K", "L", "O", "T", "V", "X", "Z"];
const COUNT_ANSWERS = ["0", "1", "2", "3"];
const YES_NO = ["yes", "no"];
