/** @file The option that an answer to a question with lettered options names. */
import { optionLetter } from "../../benchmarks/index.js";
import { type Choices, vlmevalkitLetter } from "./mmbench-letter.js";
import { pyStrip } from "./python-text.js";

/** A letter alone, in any case, bare or in the marks that models put around it: `b`, `B.`, `(b)`. */
const LETTER = /^[([]?([a-z])[)\].:]*$/i;

/**
 * Place of the option, -1 for none. In this order: a letter alone, as lmms-eval's ScienceQA takes it in any case; an option's text alone, in any
 * case; then VLMEvalKit's reading without a judge (`vlmevalkitLetter`): a letter among the last words, `answer is B`, or the only option
 * whose text is in a short answer.
 *
 * @param options at most 26.
 */
export function answeredOption(answer: string, options: readonly string[]): number {
  const text = pyStrip(answer);
  const letter = LETTER.exec(text)?.[1].toUpperCase();
  const letters = options.map((_, i) => optionLetter(i));
  if (letter !== undefined && letters.includes(letter)) return letters.indexOf(letter);
  const plain = (option: string) => pyStrip(option).toLowerCase().replace(/\.$/, "");
  const named = options.findIndex((option) => plain(option) === plain(text));
  if (named >= 0) return named;
  const choices: Choices = Object.fromEntries(options.map((option, i) => [letters[i], option]));
  return letters.indexOf(vlmevalkitLetter(answer, choices) ?? "");
}
