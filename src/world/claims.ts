/** Open questions turned into statements that are right or wrong: "What color is the star?" into "Is the star red?". */
import type { Candidate, QuestionType } from "./questions.js";

/** Types of open questions that have such a form. */
export const CLAIMED_TYPES: readonly QuestionType[] = ["color", "count", "letter"];

/** Asks whether `value` is the answer to an open question of one of `CLAIMED_TYPES`. */
export function claimText({ type, blanks: [name] }: Candidate, value: string): string {
  if (type === "count") return `Are there ${value} ${name} in the image?`;
  if (type === "color") return `Is the ${name} ${value}?`;
  return `Is the letter on the ${name} ${value}?`;
}
