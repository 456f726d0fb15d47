/** @file The right answer of a row of the user's own. */
import { optionLetter } from "../../benchmarks/index.js";
import { shape } from "../../core/index.js";
import type { OwnFields } from "./own-rows.js";

/** What an answer is compared with: the place of the right option, or texts of which one is enough. */
export type OwnTruth =
  | { readonly options: readonly string[]; readonly place: number; readonly answers?: undefined }
  | { readonly answers: readonly string[]; readonly options?: undefined; readonly place?: undefined };

/** Letters name options. */
const MOST_OPTIONS = 26;
/** Longest answer or option in characters: comparing takes time by the product of both texts' lengths. */
const LONGEST = 1000;

/** Answers of a row at most: VQA's sets have ten, and each is compared with each answer. */
const MOST_ANSWERS = 1000;

/** The truth of a row, undefined where it has none, or why it cannot be used. */
export function truthOf({ answers, answer, options }: OwnFields): OwnTruth | undefined | string {
  const long = [...(answers ?? []), ...(options ?? []), String(answer ?? "")].find((text) => text.length > LONGEST);
  if (long !== undefined)
    return `a text of ${long.length} characters, where answers and options have ${LONGEST} at most`;
  if ((answers?.length ?? 0) > MOST_ANSWERS)
    return `${answers?.length} answers, where a row has ${MOST_ANSWERS} at most`;
  if (answers !== undefined && answer !== undefined) return "answers and answer; it has to be one of them";
  if (options === undefined) {
    const given = answers ?? (answer === undefined ? undefined : [String(answer)]);
    return given && { answers: given };
  }
  const wrong = wrongOptions(options);
  if (wrong !== undefined) return wrong;
  if (answers !== undefined && answers.length > 1) return `${answers.length} answers to a question with options`;
  const given = answer ?? answers?.[0];
  if (given === undefined) return undefined;
  const place = optionPlace(given, options);
  return typeof place === "string" ? place : { options, place };
}

function wrongOptions(options: readonly string[]): string | undefined {
  if (options.length < 2 || options.length > MOST_OPTIONS)
    return `${options.length} options, where 2 to 26 have letters`;
  const empty = options.indexOf("");
  if (empty >= 0) return `option ${optionLetter(empty)} is empty`;
  const plain = options.map(folded);
  const again = options.find((_, i) => plain.indexOf(plain[i]) < i);
  return again === undefined ? undefined : `option ${shape.brief(again)} twice`;
}

/**
 * Place of the option that is meant by its letter, its index from 0, or its text, all in any case and either form of
 * Unicode; or why that is not clear. A number is an index, and no text.
 */
function optionPlace(given: string | number, options: readonly string[]): number | string {
  const text = folded(String(given));
  const readings = {
    letter: options.findIndex((_, i) => typeof given === "string" && optionLetter(i).toLowerCase() === text),
    index: /^\d+$/.test(text) && Number(text) < options.length ? Number(text) : -1,
    text: options.findIndex((option) => typeof given === "string" && folded(option) === text),
  };
  const found = Object.entries(readings).filter(([, place]) => place >= 0);
  const [first, other] = found.filter(([, place], i) => i === found.findIndex(([, one]) => one === place));
  if (first === undefined) return `answer ${shape.brief(given)}, none of the options by letter, index from 0, or text`;
  if (other === undefined) return first[1];
  const [one, two] = [first, other].map(([by, place]) => `option ${optionLetter(place)} by its ${by}`);
  return `answer ${shape.brief(given)} is ${one} and ${two}`;
}

function folded(text: string): string {
  return text.normalize().toLowerCase();
}
