/** Multiple choice: the options of an open question, drawn from what the picture shows. */
import type { RandomSource } from "../math/index.js";
import { answersOf, type Candidate } from "./questions.js";
import { between, shuffle } from "./sample-scene.js";
import type { Scene } from "./scene.js";

/** Question types that have enough other answers. */
const WITH_OPTIONS = ["color", "shape", "letter", "ground", "count"];

/** Options in the order in which they are shown. */
export interface Choices {
  readonly options: readonly string[];
  /** Position of the right one. */
  readonly correct: number;
}

export function hasOptions({ type }: Candidate): boolean {
  return WITH_OPTIONS.includes(type);
}

/**
 * Options with the right one at a given place. Wrong ones are what the picture shows elsewhere (the colors and shapes of
 * other things) as far as there are enough, so that looking anywhere does not help.
 */
export function makeChoices(
  random: RandomSource,
  scene: Scene,
  { type, answer }: Candidate,
  { count, correct }: { count: number; correct: number },
): Choices {
  const shown = new Set(scene.things.flatMap((thing) => attributesOf(thing)));
  const others = answersOf(type).filter((other) => other !== answer);
  const [near, far] = [others.filter((other) => shown.has(other)), others.filter((other) => !shown.has(other))];
  const wrong = [...shuffle(random, near), ...shuffle(random, far)].slice(0, count - 1);
  const options = shuffle(random, wrong);
  options.splice(correct, 0, answer);
  return { options, correct };
}

function attributesOf(thing: Scene["things"][number]): string[] {
  return thing.kind === "sign" ? [thing.color, thing.letter] : [thing.color, thing.shape];
}

/** A number of options from 2 to `most` that the type has answers for, and the place of the right one: both drawn evenly. */
export function drawPlaces(
  random: RandomSource,
  candidate: Candidate,
  most: number,
): { count: number; correct: number } {
  const count = Math.min(between(random, 2, most), answersOf(candidate.type).length);
  return { count, correct: random.below(count) };
}
