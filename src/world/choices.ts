/** @file Multiple choice: the options of an open question, drawn from what the picture shows. */
import type { RandomSource } from "../math/index.js";
import { between, shuffle } from "./draws.js";
import { answersOf, type Candidate } from "./questions.js";
import type { Scene } from "./scene.js";

/** Question types that have enough other answers. */
const WITH_OPTIONS = ["color", "shape", "letter", "ground", "count", "spelling", "shared", "beside"];

/** Options in the order in which they are shown. */
export interface Choices {
  readonly options: readonly string[];
  /** Position of the right one. */
  readonly correct: number;
}

/** True for a question whose type has enough other answers for multiple choice. */
export function hasOptions({ type }: Candidate): boolean {
  return WITH_OPTIONS.includes(type);
}

/**
 * Options from two to `most`, as far as the type has answers. Their number and the place of the right one are drawn evenly. Wrong
 * ones are the colors and shapes of other objects while there are enough, so that a look anywhere does not help.
 */
export function makeChoices(random: RandomSource, scene: Scene, { type, answer }: Candidate, most: number): Choices {
  const answers = answersOf(type, scene);
  const count = Math.min(between(random, 2, most), answers.length);
  const correct = random.below(count);
  const shown = new Set<string>();
  for (const object of scene.objects) {
    shown.add(object.color).add(object.kind === "sign" ? object.letter : object.shape);
    if (object.kind === "sign" && object.second !== undefined) shown.add(object.second);
  }
  const others = answers.filter((other) => other !== answer);
  const [near, far] = [others.filter((other) => shown.has(other)), others.filter((other) => !shown.has(other))];
  const wrong = [...shuffle(random, near), ...shuffle(random, far)].slice(0, count - 1);
  const options = shuffle(random, wrong);
  options.splice(correct, 0, answer);
  return { options, correct };
}
