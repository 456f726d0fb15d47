/** @file ScienceQA as LLaVA scores it (eval_science_qa.py), and lmms-eval 75571cf's match. */
import { refusalFor } from "../../core/index.js";
import { pyStrip } from "./python-text.js";

const LETTERS = ["A", "B", "C", "D", "E"];

/** The letter that the official script finds, or `FAILED`. It may be one that the question does not have. */
export function scienceQaLetter(text: string): string {
  if (LETTERS.includes(text)) return text;
  const characters = [...text];
  if (characters.length >= 3 && LETTERS.includes(characters[0]) && characters[1] === "." && characters[2] === " ") {
    return characters[0];
  }
  // Upstream's period is not escaped: any one character after the letter.
  const found = [...text.matchAll(/The answer is ([A-Z])[^\n]/gu)];
  return found.length === 1 ? found[0][1] : "FAILED";
}

/** Place of the letter among the choices, or -1. */
export function scienceQaIndex(letter: string, choices: number): number {
  const index = LETTERS.indexOf(letter);
  return index < choices ? index : -1;
}

/** One problem of the split. */
export interface ScienceQaRow {
  readonly id: string;
  /** Number of choices. */
  readonly choices: number;
  /** Place of the right choice. */
  readonly answer: number;
  /** The answer row, undefined where there is none: then it counts as wrong, and as text only. */
  readonly given?: { readonly text: string; readonly prompt: string };
}

/**
 * The official scores of the whole split, and of its questions with an image: those whose stored prompt holds `<image>`.
 *
 * @param rows the split; an id that is listed twice counts once, as upstream.
 * @throws InvalidInputError for a right choice that is not one of the five letters, where the official script stops.
 */
export function scienceQaScores(rows: readonly ScienceQaRow[]) {
  const results = new Map<string, number>();
  let [correct, imageCorrect, imageCount] = [0, 0, 0];
  for (const { id, choices, answer, given } of rows) {
    if (results.has(id)) continue;
    if (LETTERS[answer] === undefined) {
      throw refusalFor("scienceQaScores")("an answer from 0 to 4", `${answer} in problem ${id}`);
    }
    const index = scienceQaIndex(scienceQaLetter(given?.text ?? "FAILED"), choices);
    results.set(id, index);
    const hasImage = given?.prompt.includes("<image>") ?? false;
    if (hasImage) imageCount++;
    if (index !== answer) continue;
    correct++;
    if (hasImage) imageCorrect++;
  }
  const count = results.size;
  return {
    /** Percentages; null of nothing, where the script stops. */
    accuracy: count === 0 ? null : (correct / count) * 100,
    imageAccuracy: imageCount === 0 ? null : (imageCorrect / imageCount) * 100,
    correct,
    count,
    imageCorrect,
    imageCount,
    /** Index of the choice by id, -1 for none. */
    results,
  };
}

/** lmms-eval: the bare letter in any case, or a capital with a period after it. 0 or 1. */
export function lmmsScienceQaMatch(text: string, answer: number): number {
  const truth = String.fromCharCode(97 + answer);
  const given = pyStrip(text);
  if (given.toLowerCase() === truth) return 1;
  const [first = "", second] = [...given];
  return /^\p{Lu}$/u.test(first) && second === "." && first.toLowerCase() === truth ? 1 : 0;
}
