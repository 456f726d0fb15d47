/**
 * @file MME (arXiv 2306.13394): its own tool (calculation.py) and lmms-eval 75571cf. The latter gives 200 for a pair, 50 for one of
 * its questions. The mean of these is the tool's accuracy of questions plus that of pairs, so one formula stands for both.
 */
import { refusalFor } from "../../core/index.js";
import { pyStrip } from "./python-text.js";

/** Subtasks of perception, in the order of the official tool; 200 points each. */
export const MME_PERCEPTION: readonly string[] =
  "existence count position color posters celebrity scene landmark artwork OCR".split(" ");
/** Subtasks of cognition (VLMEvalKit: reasoning). */
export const MME_COGNITION: readonly string[] =
  "commonsense_reasoning numerical_calculation text_translation code_reasoning".split(" ");

/** An answer as read by a rule; `other` is neither. */
export type MmeAnswer = "yes" | "no" | "other";

/**
 * The official reading of an answer: exactly yes or no, else either within four characters. The answer still carries its line's end
 * there.
 */
export function mmeAnswer(field: string): MmeAnswer {
  const start = [...field.toLowerCase()].slice(0, 4).join("");
  if (start.includes("yes")) return "yes";
  return start.includes("no") ? "no" : "other";
}

/** lmms-eval's: trimmed, without periods, and single letters count. */
export function lmmsMmeAnswer(text: string): MmeAnswer {
  const answer = pyStrip(text.toLowerCase()).replaceAll(".", "");
  if (answer === "y") return "yes";
  if (answer === "n") return "no";
  return mmeAnswer(answer);
}

/** One question; the two of a picture follow each other. */
export interface MmeRow {
  /** `Yes` or `No`. */
  readonly truth: string;
  /** The model's answer, as it wrote it. */
  readonly prediction: string;
}

/** Rows by subtask. */
export type MmeSubtasks = ReadonlyMap<string, readonly MmeRow[]>;

/**
 * The official scores by subtask, and their sums.
 *
 * @param subtasks pairs one after the other. A subtask of no yes-or-no answer at all scores 0, where the official tool stops.
 * @throws InvalidInputError for an unknown subtask, one without questions or with an odd number, or a truth other than yes and no.
 */
export function mmeScores(subtasks: MmeSubtasks) {
  const tasks = new Map<string, number>();
  const warnings: string[] = [];
  for (const [name, rows] of subtasks) {
    assertSubtask(name, rows);
    const right = rows.map(({ truth, prediction }) => mmeAnswer(prediction) === truth.toLowerCase());
    const both = right.filter((isRight, i) => i % 2 === 1 && isRight && right[i - 1]).length;
    tasks.set(name, (right.filter(Boolean).length / rows.length) * 100 + (both / (rows.length / 2)) * 100);
    if (rows.every(({ prediction }) => mmeAnswer(prediction) === "other")) {
      warnings.push(`${name}: no answer is yes or no; the official tool stops there, scored 0`);
    }
    const broken = rows.filter(({ prediction }) => /[\t\r\n]/.test(prediction.replace(/\n$/, ""))).length;
    const torn = `${name}: ${broken} answers hold a tab or line end; the official tool, which reads lines, stops there`;
    if (broken > 0) warnings.push(torn);
  }
  const sum = (names: readonly string[]) => names.reduce((total, name) => total + (tasks.get(name) ?? 0), 0);
  return {
    /** 100 (acc + acc+) of each subtask, 0 to 200. */
    tasks: Object.fromEntries(tasks),
    /** Sum of the perception subtasks that are there, 0 to 2000, and of cognition, 0 to 800. */
    perception: sum(MME_PERCEPTION),
    cognition: sum(MME_COGNITION),
    /** Where the official tool would have stopped, and which subtasks a sum lacks. */
    warnings: [...warnings, ...missingSubtasks(tasks)],
  };
}

function assertSubtask(name: string, rows: readonly MmeRow[]): void {
  const refuse = refusalFor("mmeScores");
  const known = [...MME_PERCEPTION, ...MME_COGNITION];
  if (!known.includes(name)) throw refuse(`a subtask of ${known.join(", ")}`, name);
  if (rows.length === 0 || rows.length % 2 === 1) {
    throw refuse(`pairs of questions in ${name}`, `${rows.length} questions`);
  }
  const strange = rows.find(({ truth }) => !/^(yes|no)$/i.test(truth));
  if (strange !== undefined) throw refuse(`the truth Yes or No in ${name}`, JSON.stringify(strange.truth));
}

/** Warnings of subtasks that a sum lacks; none of a sum of which nothing was asked. */
export function missingSubtasks(tasks: ReadonlyMap<string, unknown>): string[] {
  return Object.entries({ perception: MME_PERCEPTION, cognition: MME_COGNITION }).flatMap(([sum, names]) => {
    const absent = names.filter((name) => !tasks.has(name));
    if (absent.length === 0 || absent.length === names.length) return [];
    return [`${sum}: the sum is without ${absent.join(", ")}`];
  });
}
