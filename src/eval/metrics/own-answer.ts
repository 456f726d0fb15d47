/** @file The form in which own answers are compared: VQA's normalization, with the marks that it drops and that change a meaning. */
import { normalizeM4c } from "./normalize-answer.js";

/** A minus before a number, but not between two parts of a word or a range: `-5`, `$-5`, `3 -5`, not `2010-2015`, not `- 5`. */
const NUMBER_SIGN = /(?<![\p{L}\p{N}])-(?=\.?\p{N})/gu;
/** A minus behind a single letter: a grade, a blood group. */
const GRADE_SIGN = /(?<=(?<![\p{L}\p{N}])\p{L})-(?![\p{L}\p{N}])/gu;
/** Plus and comparisons, with the white space around them: `> 3` is `>3`. */
const MARK = /\s*([+<>=])\s*/g;

/** Letters for private use that stand for marks while VQA's normalization drops marks. */
const KEPT: Readonly<Record<string, string>> = {
  "-": "\ue000",
  "+": "\ue001",
  "<": "\ue002",
  ">": "\ue003",
  "=": "\ue004",
};

/**
 * VQA's normalization (`normalizeM4c`: case, punctuation, articles, number words, contractions) but for signs and comparisons, which stay:
 * -5 is not 5, > 3 is not < 3, C++ is not C. Both forms of Unicode are one. A text of which that leaves nothing, such as the letter A,
 * is compared as `plainAnswer`.
 */
export function normalizeOwnAnswer(text: string): string {
  const plain = text.normalize().replaceAll(/[\u2212\ufe63\uff0d]/g, "-");
  const kept = plain
    .replaceAll(NUMBER_SIGN, KEPT["-"])
    .replaceAll(GRADE_SIGN, KEPT["-"])
    .replaceAll(MARK, (_, mark: string) => KEPT[mark]);
  return normalizeM4c(kept) || plainAnswer(text);
}

/** Marks that end a sentence. */
const END = /(?<=[^\s.,;:!?])[\s.,;:!?]+$/;

/** The text in lower case and one form of Unicode, with single blanks and without the marks at its end, if there is more than those. */
export function plainAnswer(text: string): string {
  return text.normalize().toLowerCase().trim().replaceAll(/\s+/g, " ").replace(END, "");
}
