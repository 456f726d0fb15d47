/**
 * @file The letter in an answer to a lettered question, found without a judge, in three ways. One is VLMEvalKit e8e78f0's
 * (matching_util.py). Two are lmms-eval 75571cf's: mcq_extract.py, and mmbench_evals.py, which would ask a judge for the rest.
 */
import { PY_SPACE, pySplit } from "./python-text.js";

/** Options by letter. */
export type Choices = Readonly<Record<string, string>>;

const LETTERS = ["A", "B", "C", "D"];

/** Options A to D up to the first that LLaVA takes for missing (model_vqa_mmbench.py): one that is called "None" ends the list. */
export function mmbenchOptions(row: Readonly<Record<string, string | null | undefined>>): string[] {
  const options = LETTERS.map((letter) => row[letter] ?? "none");
  const missing = options.findIndex((option) => /^(nan|none)$/i.test(option));
  return missing < 0 ? options : options.slice(0, missing);
}

/** Answers that refuse to answer. */
const REFUSALS = [
  "Sorry, I can't help with images of people yet.",
  "I can't process this file.",
  "I'm sorry, but without the image provided",
  "Cannot determine the answer",
];
const FAILED = "Failed to obtain answer via API";
/** Marks that stand for blanks. */
const MARKS = /[.()[\],:;!*#{}]/g;
/** A letter counts within the last words only: its place must be above the number of words less this. */
const LAST_WORDS = 5;

/** "answer is B" in any case and between any white space, both as Python has them. Its i matches U+0130 and U+0131, too. */
const SPOKEN = new RegExp(`answer${PY_SPACE}+[i\u0130\u0131]s${PY_SPACE}+\\**([ABCD])`, "iu");

/** VLMEvalKit's reading; `Z` for a refusal, undefined where it would ask a judge. */
export function vlmevalkitLetter(answer: string, choices: Choices): string | undefined {
  return vlmevalkitOption(answer, choices) ?? optionText(answer, choices, 2);
}

/** The letter alone that VLMEvalKit reads, whatever the options say. */
export function vlmevalkitOption(answer: string, choices: Choices): string | undefined {
  if (answer.includes(FAILED)) return undefined;
  if (REFUSALS.some((refusal) => answer.includes(refusal))) return "Z";
  const words = pySplit(answer.replace(MARKS, " "));
  const named = Object.keys(choices).filter((letter) => words.includes(letter));
  if (named.length === 1 && words.indexOf(named[0]) > words.length - LAST_WORDS) return named[0];
  if (named.length === 0 && words.includes("Z")) return "Z";
  const spoken = SPOKEN.exec(answer)?.[1].toUpperCase();
  return spoken !== undefined && Object.hasOwn(choices, spoken) ? spoken : undefined;
}

/** The one option whose text is in the answer. @param limit in lengths of all options: a longer answer is not looked at. */
function optionText(answer: string, choices: Choices, limit: number): string | undefined {
  const lowered = answer.toLowerCase();
  const texts = Object.values(choices);
  const length = texts.reduce((sum, text) => sum + [...text].length, 0);
  if ([...lowered].length > limit * length) return undefined;
  const found = Object.keys(choices).filter((letter) => lowered.includes(choices[letter].toLowerCase()));
  return found.length === 1 ? found[0] : undefined;
}

/** Forms of a letter L, in the order in which they are tried. */
const FORMS = "L. L, L: L) L). (L) (L). :L :L, :L. :L) :L).".split(" ");

/** lmms-eval's older reading: letters A to E, an "A" in a sentence being no letter; then the options' texts. */
export function lmmsPrefetchLetter(answer: string, choices: Choices): string | undefined {
  return lmmsOption(answer) ?? optionText(answer, choices, Number.POSITIVE_INFINITY);
}

function lmmsOption(answer: string): string | undefined {
  if (answer.includes(FAILED)) return undefined;
  const letters = [...LETTERS, "E"];
  const words = pySplit(answer);
  const named = letters.filter((letter) => words.includes(letter));
  if (named.length === 1 && !(words.includes("A") && words.length > 3)) return named[0];
  for (const form of FORMS) {
    const found = letters.filter((letter) => words.includes(form.replace("L", letter)));
    if (found.length === 1) return found[0];
  }
  return undefined;
}
