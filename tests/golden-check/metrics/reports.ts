/** @file Reports that official scripts print, from the scores that are compared with theirs. */
import { groupBy } from "../../../src/core/index.js";
import type { MmbenchScores } from "../../../src/eval/metrics/mmbench.js";

/** `'{:.2f}'.format(value)`: the nearest decimal of the exact binary value, exact ties to even. */
export function pyFixed2(value: number): string {
  return pyFixed(value, 2);
}

/** `'{:.Nf}'.format(value)` for N from 1, and finite values below 1e21 in size. */
export function pyFixed(value: number, digits: number): string {
  // toFixed works on the exact binary value too; only an exact tie it rounds up, not to even. With N digits a tie is an odd
  // multiple of 2^-(N + 1), so one digit more writes it out.
  if ((Math.abs(value) * 2 ** (digits + 1)) % 2 !== 1) return value.toFixed(digits);
  const below = value.toFixed(digits + 1).slice(0, -1);
  return Number(below.at(-1)) % 2 === 0 ? below : value.toFixed(digits);
}

/** `round(value, 2)`. */
export function pyRound2(value: number): number {
  return Number(pyFixed2(value));
}

/** One scored question of VQAv2. */
export interface VqaRow {
  /** 0 to 1. */
  readonly accuracy: number;
  readonly questionType: string;
  readonly answerType: string;
}

/** Percentages, rounded to two decimals as Python rounds. */
export interface VqaReport {
  /** Null of no rows, where the toolkit stops. */
  readonly overall: number | null;
  readonly perQuestionType: Readonly<Record<string, number>>;
  readonly perAnswerType: Readonly<Record<string, number>>;
}

/** The toolkit's report (vqaEval.py: `setAccuracy`). */
export function vqaToolkitReport(rows: readonly VqaRow[]): VqaReport {
  const percent = (list: readonly VqaRow[]) =>
    pyRound2((100 * list.reduce((sum, { accuracy }) => sum + accuracy, 0)) / list.length);
  const grouped = (key: "questionType" | "answerType") => {
    const groups = groupBy(rows, (row) => row[key]);
    return Object.fromEntries([...groups].map(([name, list]) => [name, percent(list)]));
  };
  return {
    overall: rows.length === 0 ? null : percent(rows),
    perQuestionType: grouped("questionType"),
    perAnswerType: grouped("answerType"),
  };
}

/** VLMEvalKit's short names of abilities in its reports. */
const ABBREVIATIONS: ReadonlyMap<string, string> = new Map([
  ["coarse_perception", "CP"],
  ["finegrained_perception (instance-level)", "FP-S"],
  ["finegrained_perception (cross-instance)", "FP-C"],
  ["logic_reasoning", "LR"],
  ["relation_reasoning", "RR"],
  ["attribute_reasoning", "AR"],
]);

/** VLMEvalKit's report (multiple_choice.py: `report_acc`): Overall, then categories by name, abilities abbreviated. */
export function vlmevalkitReport({ circular, categories, l2Categories }: MmbenchScores): Record<string, number> {
  const named = [...l2Categories, ...categories].map(([name, value]) => [ABBREVIATIONS.get(name) ?? name, value]);
  return { Overall: circular ?? 0, ...Object.fromEntries(named) };
}
