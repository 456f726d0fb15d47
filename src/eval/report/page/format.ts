/** @file Numbers as text, and where numbers come from in words. */
import type { Told } from "../../../core/index.js";
import type { AgreementCounts } from "../../agreement/agreement.js";
import type { RunMachine } from "../../run/run-folder.js";
import { REFERENCE } from "../../run/settings.js";
import type { Interval } from "../../stats/bootstrap.js";
import type { Flips } from "../../stats/mcnemar.js";
import type { ReportNumbers } from "../numbers/report-numbers.js";
import { percentOf, type SettingNumbers, type SettingTask } from "../numbers/setting-numbers.js";

/** Digits of a KL: settings that keep the answers lie between 0.01 and 0.2 nats. */
export const KL_DIGITS = 3;

/** Stands where there is no number. */
export const NONE = "–";

/** A number with fixed decimals; a true minus sign; `NONE` for undefined. */
export function decimal(value: number | undefined, digits = 1): string {
  if (value === undefined || !Number.isFinite(value)) return NONE;
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** `97.7 %` of a number that is in percent. */
export function percent(value: number | undefined): string {
  return value === undefined ? NONE : `${decimal(value)} %`;
}

/** `95.2 to 98.9`. */
export function range(interval: Interval | undefined, digits = 1): string {
  return interval === undefined ? NONE : `${decimal(interval.low, digits)} to ${decimal(interval.high, digits)}`;
}

/** An interval of a share, in percent. */
export function hundredfold(interval: Interval | undefined): Interval | undefined {
  return interval && { low: 100 * interval.low, high: 100 * interval.high };
}

/** p with two digits that count; never 0. */
export function pValue(p: number | undefined): string {
  if (p === undefined) return NONE;
  if (p < 0.001) return "< 0.001";
  return p < 0.1 ? p.toPrecision(2) : p.toFixed(2);
}

/** A whole number with thin spaces at thousands. */
export function whole(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** `1 question`, `12 questions`: a whole number and its noun. */
export function counted(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Operations with a unit that suits them. */
export function operations(value: number | undefined): string {
  if (value === undefined) return NONE;
  const [unit, size] = value >= 1e12 ? ["T", 1e12] : value >= 1e9 ? ["G", 1e9] : ["M", 1e6];
  return `${(value / Number(size)).toPrecision(3)} ${unit}`;
}

/** A number as the paper prints it: with a decimal, but for sums of hundreds of points. */
export function printed(value: number): string {
  return Number.isInteger(value) && value < 1000 ? value.toFixed(1) : String(value);
}

/** A setting's name for people. */
export function settingName({ id, method, members }: Pick<SettingNumbers, "id" | "method" | "members">): string {
  if (id === REFERENCE) return "all tokens";
  if (method === "zero") return "no picture";
  return members.length > 1 ? `${id} (${members.length} seeds)` : id;
}

/** `name (family, dtype, device)`. */
export function modelName({ run: { model } }: { readonly run: Pick<ReportNumbers["run"], "model"> }): string {
  const facts = [model.family, model.dtype, model.device].filter((fact) => fact !== undefined);
  return `${model.name} (${facts.join(", ")})`;
}

/** The tasks, or one of them, with numbers of questions and pictures. */
export function dataName({ tasks }: ReportNumbers, id?: string): string {
  const own = tasks.filter((task) => id === undefined || task.id === id);
  const questions = own.reduce((sum, { samples }) => sum + samples, 0);
  const pictures = own.reduce((sum, task) => sum + task.pictures, 0);
  return `${own.map((task) => task.id).join(", ")}: ${counted(questions, "question")} about ${counted(pictures, "picture")}`;
}

/** Where a run was made. */
export function machineName({ cpu, cores, memory_gib, platform, node }: RunMachine): string {
  return `${cpu}, ${cores} cores, ${memory_gib} GiB, ${platform}, Node ${node.replace(/^v/, "")}`;
}

/** `original positions, mass 1, where a setting does not say`. */
export function toldText({ positions, mass }: Omit<Told, "untold">): string {
  return `${positions} positions, mass ${mass}, where a setting does not say`;
}

/** `1.5x`: how many times faster than with all tokens. */
export function speed(full: number | undefined, own: number | undefined): string {
  return full === undefined || own === undefined || own === 0 ? NONE : `${(full / own).toFixed(1)}x`;
}

/** `1.5x faster to the first token`, or that it is not, as far as the decimal shows it. */
export function speedWords(full: number, own: number): string {
  const text = speed(full, own);
  return Number.parseFloat(text) > 1 ? `${text} faster to the first token` : `no faster to the first token (${text})`;
}

/** `58 tokens`, `all tokens`, `a dynamic budget`, `a budget of 32..128`. */
export function budgetName({ budget, asked }: Pick<SettingNumbers, "budget" | "asked">): string {
  if (asked !== undefined) return `a budget of ${asked}`;
  if (budget === "dynamic") return "a dynamic budget";
  return budget === "all" ? "all tokens" : counted(budget, "token");
}

/** A task's metric: three decimals of shares, one of percent and points. */
export function metricValue(value: number | undefined, maxScore: number): string {
  return decimal(value, maxScore === 1 ? 3 : 1);
}

/** Ids of the open tasks, where they are not all of them: else the mean over them is the score itself. */
export function openTasks(tasks: ReportNumbers["tasks"]): string[] {
  const open = tasks.filter((task) => task.open);
  return open.length === tasks.length ? [] : open.map(({ id }) => id);
}

/** Answers that stayed as with all tokens, percent of those compared. */
export function unchangedShare({ unchanged, answered }: AgreementCounts): string {
  return percent(percentOf(unchanged, answered));
}

/** Answers beside those with all tokens, of all tasks together. */
export function besideFull({ tasks }: SettingNumbers): AgreementCounts & Flips {
  const sum = (value: (task: SettingTask) => number) => tasks.reduce((total, task) => total + value(task), 0);
  return {
    answered: sum(({ agreement }) => agreement.answered),
    unchanged: sum(({ agreement }) => agreement.unchanged),
    rightToWrong: sum(({ flips }) => flips.rightToWrong),
    wrongToRight: sum(({ flips }) => flips.wrongToRight),
    samples: sum(({ flips }) => flips.samples),
  };
}
