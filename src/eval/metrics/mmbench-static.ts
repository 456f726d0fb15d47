/**
 * @file The letter in an answer, as lmms-eval 75571cf's `mmbench_en_dev_static` finds it. Its older rule comes first; where that
 * finds none, mcq_extract.py does. That one takes candidates by form, and the most certain form wins.
 */
import { type Choices, lmmsPrefetchLetter } from "./mmbench-letter.js";
import { pyStrip } from "./python-text.js";

const NOUNS = ["answer", "correct answer", "best answer", "correct option", "best option", "choice", "correct choice"];
const SUBJECTS = [...NOUNS.flatMap((noun) => [`the ${noun}`, noun]), "my answer", "my choice"];
/** Words after which the answer comes, in four languages. */
const PHRASES = [
  ...SUBJECTS.map((subject) => `${subject} is`),
  ...["i choose", "i select", "i pick"],
  ...["옵션", "정답은", "답은", "답:", "答案是", "答案为", "选", "答えは"],
];

/** Letters that are looked for where a question has no option. */
const DEFAULT_LETTERS = [..."ABCDEFGH"];

/** Certainty of forms that can stand anywhere, and of the others; the same form counts more the later it stands. */
const FORMS: readonly (readonly [before: string, after: string, certainty: number])[] = [
  ["(", ")", 6],
  ["", ".", 5],
  ["", ":", 4],
  ["", ")", 3],
  ["", " ", 2],
];
const CERTAINTY = { start: 10, end: 9, phrase: 7, anywhere: 0 };

interface Candidate {
  readonly letter: string;
  readonly at: number;
  readonly certainty: number;
}

/** The letter; undefined where both rules find none. */
export function lmmsStaticLetter(answer: string, choices: Choices): string | undefined {
  const letters = Object.keys(choices);
  return (
    lmmsPrefetchLetter(answer, choices) ?? extractedLetter(answer, letters.length === 0 ? DEFAULT_LETTERS : letters)
  );
}

function extractedLetter(answer: string, letters: readonly string[]): string | undefined {
  if (pyStrip(answer) === "") return undefined;
  const text = ` ${trimMarks(pyStrip(answer))} `;
  const found = candidates(text, letters);
  if (found.length === 0) {
    for (const letter of letters) {
      if (text.includes(letter)) found.push({ letter, at: text.lastIndexOf(letter), certainty: CERTAINTY.anywhere });
    }
  }
  // Of equal ones the first, as upstream.
  const certainty = Math.max(...found.map((one) => one.certainty));
  const best = found.filter((one) => one.certainty === certainty);
  const last = Math.max(...best.map(({ at }) => at));
  return best.find(({ at }) => at === last)?.letter;
}

/** Takes marks off both ends, one kind after the other, each kind once. */
function trimMarks(text: string): string {
  let out = text;
  for (const mark of [",", ".", "!", "?", ";", ":", "'", '"']) {
    let [start, end] = [0, out.length];
    while (start < end && out[start] === mark) start++;
    while (end > start && out[end - 1] === mark) end--;
    out = out.slice(start, end);
  }
  return out;
}

function candidates(text: string, letters: readonly string[]): Candidate[] {
  const found: Candidate[] = [];
  const add = (letter: string, at: number, certainty: number) => {
    if (at >= 0) found.push({ letter, at, certainty });
  };
  for (const [before, after, certainty] of FORMS) {
    for (const letter of letters) add(letter, text.lastIndexOf(before + letter + after), certainty);
  }
  const lowered = text.toLowerCase();
  const characters = [...text];
  for (const phrase of PHRASES) {
    const at = lowered.indexOf(phrase);
    if (at < 0) continue;
    // Upstream takes the place in the lowered text for one in the text itself, counted in characters.
    const after = [...lowered.slice(0, at + phrase.length)].length;
    for (const letter of letters) add(letter, characters.indexOf(letter, after), CERTAINTY.phrase);
  }
  const inner = [...pyStrip(text)];
  for (const letter of letters) {
    if (inner[0] === letter && !isLetter(inner[1])) add(letter, 0, CERTAINTY.start);
    if (inner.at(-1) === letter && !isLetter(inner.at(-2))) add(letter, text.length - 1, CERTAINTY.end);
  }
  return found;
}

/** Python's `isalpha`. */
function isLetter(character: string | undefined): boolean {
  return character !== undefined && /^\p{L}$/u.test(character);
}
