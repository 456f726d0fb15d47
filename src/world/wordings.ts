/**
 * @file Wordings of questions: each type's templates, of which the last is for the test only. Open questions also become right or
 * wrong statements: "What color is the star?" turns into "Is the star red?".
 */

import { refusalFor } from "../core/index.js";
import type { Candidate, QuestionType } from "./questions.js";
import type { Scene } from "./scene.js";
import { assertWorld } from "./shapes.js";

/** A question as it is put to a model. */
export interface Question extends Candidate {
  /** The wording, with its blanks filled in. */
  readonly text: string;
  /** Which of the type's templates worded it, from 0. */
  readonly template: number;
}

/** Wordings per type; $1, $2 and $3 are the blanks. The last of each type is never seen in training. */
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
  spelling: [
    "What is the $2 letter on the $1?",
    "Which $2 letter does the $1 show?",
    "What $2 letter is on the $1?",
    "In the image, what is the $2 letter on the $1?",
    "Which is the $2 letter on the $1 in the image?",
  ],
  shared: [
    "What shape is the other thing in the color of the $1?",
    "Which shape has the other thing in the color of the $1?",
    "What is the shape of the other thing in the color of the $1?",
    "In the image, what shape is the other thing in the color of the $1?",
    "Which shape is the other thing in the color of the $1?",
  ],
  beside: [
    "What color is the thing just $2 the $1?",
    "Which color has the thing just $2 the $1?",
    "What is the color of the thing just $2 the $1?",
    "In the image, what color is the thing just $2 the $1?",
    "Which color is the thing just $2 the $1?",
  ],
};

/** Number of a type's wordings that training may use: all but the last. */
export function trainingTemplates(type: QuestionType): number {
  return TEMPLATES[type].length - 1;
}

/** Words a candidate by one of its type's templates. */
export function ask(candidate: Candidate, template: number): Question {
  assertWorld("ask", { candidate, template });
  const known = Object.hasOwn(TEMPLATES, candidate.type) ? TEMPLATES[candidate.type] : [];
  if (template >= known.length) {
    throw refusalFor("ask")(`a template below ${known.length} of type ${candidate.type}`, template);
  }
  const text = known[template].replace(/\$(\d)/g, (_, blank) => candidate.blanks[blank - 1]);
  return { ...candidate, text, template };
}

const CLAIMED_TYPES: readonly QuestionType[] = ["color", "count", "letter"];
const CLAIMED_TYPES_HARD: readonly QuestionType[] = ["color", "count", "spelling"];

/** Types of open questions about the scene that have such a form. */
export function claimedTypes({ hard }: Scene): readonly QuestionType[] {
  return hard ? CLAIMED_TYPES_HARD : CLAIMED_TYPES;
}

/** Asks whether `value` is the answer to an open question of one of `claimedTypes`. */
export function claimText({ type, blanks: [name, word] }: Candidate, value: string): string {
  if (type === "count") return `Are there ${value} ${name} in the image?`;
  if (type === "color") return `Is the ${name} ${value}?`;
  return `Is the ${type === "spelling" ? `${word} letter` : "letter"} on the ${name} ${value}?`;
}
