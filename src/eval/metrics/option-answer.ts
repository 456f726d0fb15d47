/** @file The option that an answer to a question with lettered options names. */
import { optionLetter } from "../../benchmarks/index.js";
import { type Choices, vlmevalkitOption } from "./mmbench-letter.js";
import { pyStrip } from "./python-text.js";

/** A letter alone, in any case, bare or in the marks that models put around it: `b`, `B.`, `(b)`. */
const LETTER = /^[([]?([a-z])[)\].:]*$/i;

/** An A before a word, without a mark: an article as likely as a letter. */
const ARTICLE = /(?<![\p{L}\p{N}])A\s+[\p{L}\p{N}]/u;
/** A letter of a script that puts no blanks between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** What goes on into a word: a letter, a decimal; before a number a sign or comparison as well. */
const INTO_WORD = /(?:[\p{L}\p{M}\p{N}]|\p{N}[.,])$/u;
const INTO_NUMBER = /(?:[\p{L}\p{M}\p{N}]|\p{N}[.,]|[-+\u2212<>=] ?)$/u;
/** What goes on behind a word: a letter, a decimal, the marks of C++ and C#. */
const OUT_OF_WORD = /^(?:[\p{L}\p{M}\p{N}+#]|[.,]\p{N})/u;

/**
 * Place of the option, -1 for none. In this order: a letter alone, as lmms-eval's ScienceQA takes it in any case; an option's text alone, in any
 * case; a letter among the last words or `answer is B`, as VLMEvalKit reads it without a judge (`vlmevalkitOption`); the only option whose
 * text a short answer holds as whole words. An `A` before a word is an article where the answer holds options as whole words: these count then.
 *
 * @param options at most 26.
 */
export function answeredOption(answer: string, options: readonly string[]): number {
  const text = pyStrip(answer.normalize());
  const letter = LETTER.exec(text)?.[1].toUpperCase();
  const letters = options.map((_, i) => optionLetter(i));
  if (letter !== undefined && letters.includes(letter)) return letters.indexOf(letter);
  const named = options.findIndex((option) => plain(option) === plain(text));
  if (named >= 0) return named;
  const held = [...options.keys()].filter((i) => holdsWords(plain(text), plain(options[i])));
  const [only = -1] = held.length === 1 ? held : [];
  const choices: Choices = Object.fromEntries(options.map((option, i) => [letters[i], option]));
  const found = vlmevalkitOption(text, choices);
  if (found === "A" && held.length > 0 && ARTICLE.test(text)) return only;
  if (found !== undefined) return letters.indexOf(found);
  return isShort(text, options) ? only : -1;
}

function plain(option: string): string {
  return pyStrip(option.normalize()).toLowerCase().replaceAll(/\s+/g, " ").replace(/\.$/, "");
}

/** Whether a text has an option's words as whole ones: `no` is not in `now`, nor 5 in -5 or 0.5. Both are plain. */
function holdsWords(text: string, words: string): boolean {
  if (words === "") return false;
  const into = /^\p{N}/u.test(words) ? INTO_NUMBER : INTO_WORD;
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    const [before, behind] = [
      text.slice(Math.max(0, at - 2), at),
      text.slice(at + words.length, at + words.length + 2),
    ];
    const [first = "", last = ""] = [[...words][0], [...words].at(-1)];
    const isBegun = !into.test(before) || UNSPACED.test(before.slice(-1)) || UNSPACED.test(first);
    const isOver = !OUT_OF_WORD.test(behind) || UNSPACED.test(behind.slice(0, 1)) || UNSPACED.test(last);
    if (isBegun && isOver) return true;
  }
  return false;
}

/** VLMEvalKit looks for texts in answers of up to twice the length of all options. */
function isShort(text: string, options: readonly string[]): boolean {
  return [...text].length <= 2 * options.reduce((sum, option) => sum + [...option].length, 0);
}
