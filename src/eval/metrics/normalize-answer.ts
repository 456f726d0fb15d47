/**
 * @file Answers brought to one form before they are compared, in the two versions of the official scripts. LLaVA uses M4C's for
 * TextVQA and for VQAv2 submissions (mmf c46b3b3, processors.py; LLaVA's m4c_evaluator.py). The other is the VQA toolkit's own
 * (GT-Vision-Lab/VQA a013f00, vqaEval.py). Oddities are theirs.
 */
import { CONTRACTIONS } from "./contractions.js";
import { pySplit, pyStrip } from "./python-text.js";

/** In the order in which they are treated. */
const MARKS = [...'; / [ ] " { } ( ) = + \\ _ - > < @ ` , ? !'.split(" ")];

const NUMBERS: ReadonlyMap<string, string> = new Map(
  ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    .map((word, i) => [word, String(i)] as const)
    .concat([["none", "0"]]),
);
const ARTICLES = new Set(["a", "an", "the"]);

/** Differences of the three punctuation steps. Python's \d are all decimal digits of Unicode. */
export interface PunctuationRule {
  /** Where this is found anywhere, every mark is deleted. */
  readonly comma: RegExp;
  /** Periods that vanish, with the flag g. */
  readonly period: RegExp;
}

/** M4C's and the toolkit's mean a period "not between digits", but the part before is written so that it always holds. */
const LOOSE_PERIOD = /\.(?!\p{Nd})/gu;

/** M4C's, which lmms-eval uses too: several commas may stand between two digits. */
export const M4C_PUNCTUATION: PunctuationRule = { comma: /\p{Nd},+\p{Nd}/u, period: LOOSE_PERIOD };
/** The VQA toolkit's: one comma between two digits. */
export const TOOLKIT_PUNCTUATION: PunctuationRule = { comma: /\p{Nd},\p{Nd}/u, period: LOOSE_PERIOD };
/** VLMEvalKit e8e78f0's (smp/misc.py): a period after a digit stays as well. */
export const VLMEVALKIT_PUNCTUATION: PunctuationRule = {
  comma: TOOLKIT_PUNCTUATION.comma,
  period: /(?<!\p{Nd})\.(?!\p{Nd})/gu,
};

/** All three pass the flag re.UNICODE, 32, where the count belongs. */
const MOST_PERIODS = 32;

/** M4C's normalization of a whole answer (`EvalAIAnswerProcessor`). */
export function normalizeM4c(text: string): string {
  const words = pyStrip(text.toLowerCase().replaceAll(",", "").replaceAll("?", "").replaceAll("'s", " 's"));
  return digitsAndArticles(punctuation(oneLine(words), M4C_PUNCTUATION));
}

/** The VQA toolkit's: no comma and possessive step before. */
export function normalizeVqaToolkit(text: string): string {
  return digitsAndArticles(punctuation(oneLine(text), TOOLKIT_PUNCTUATION));
}

/** Line ends and tabs to blanks, and trimmed. */
export function oneLine(text: string): string {
  return pyStrip(text.replaceAll("\n", " ").replaceAll("\t", " "));
}

/** The punctuation step. All tests look at the text as it came. */
export function punctuation(text: string, { comma, period }: PunctuationRule): string {
  const dropsAll = comma.test(text);
  let out = text;
  for (const mark of MARKS) {
    const drops = dropsAll || text.includes(`${mark} `) || text.includes(` ${mark}`);
    out = out.replaceAll(mark, drops ? "" : " ");
  }
  let periods = 0;
  return out.replace(period, (mark) => (++periods > MOST_PERIODS ? mark : ""));
}

/** The step of numbers, articles and contractions. */
export function digitsAndArticles(text: string): string {
  return pySplit(text.toLowerCase())
    .map((word) => NUMBERS.get(word) ?? word)
    .filter((word) => !ARTICLES.has(word))
    .map((word) => CONTRACTIONS.get(word) ?? word)
    .join(" ");
}
