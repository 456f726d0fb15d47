/** @file A run in a few sentences, each computed from the numbers. */

import { REFERENCE } from "../../run/settings.js";
import type { Flips } from "../../stats/mcnemar.js";
import type { Contest, Lead } from "../numbers/contests.js";
import type { EqualTokens } from "../numbers/curves.js";
import type { ReportNumbers } from "../numbers/report-numbers.js";
import type { SettingNumbers } from "../numbers/setting-numbers.js";
import {
  besideFull,
  budgetName,
  decimal,
  hundredfold,
  percent,
  range,
  settingName,
  speedWords,
  unchangedShare,
} from "./format.js";
import { type MainScore, mainScore } from "./main-score.js";

/** Sentences, the main ones first. */
export function summarySentences(numbers: ReportNumbers): string[] {
  const { contests, settings } = numbers;
  const score = mainScore(numbers);
  const focus =
    focusSetting(numbers) ?? score.settings.find(({ role, main }) => role === "method" && main !== undefined);
  const sentences = [
    score.reason,
    score.isRelative ? undefined : bestSentence(score),
    // Of a dynamic method alone the sentences below say more.
    ...contests
      .filter(({ budget, next }) => budget !== "dynamic" || next !== undefined)
      .map((contest) => contestSentence(contest, settings)),
    dynamicSentence(bestDynamic(numbers), settings),
    ...(focus === undefined
      ? [noFocusSentence(settings)]
      : [taskSentence(focus), sliceSentence(focus, numbers), changeSentence(focus), timeSentence(focus, settings)]),
    floorSentence(settings),
    ...warningSentences(numbers),
    failureSentence(numbers),
  ];
  return sentences.filter((sentence) => sentence !== undefined);
}

/** The setting that sentences on losses and time are about: the best method at the first numeric budget. */
function focusSetting({ contests, settings }: ReportNumbers): SettingNumbers | undefined {
  const contest = contests.find(({ budget }) => typeof budget === "number") ?? contests[0];
  return settings.find(({ id }) => id === contest?.best);
}

function noFocusSentence(settings: readonly SettingNumbers[]): string {
  if (settings.every(({ tasks }) => tasks.every(({ score }) => score === undefined))) {
    return "Nothing was answered, so there is no score.";
  }
  return settings.every(({ role }) => role !== "method")
    ? "No method was asked beside all tokens."
    : "No method has a score.";
}

/** Where no score is relative to all tokens. */
function bestSentence({ settings }: MainScore): string | undefined {
  const [full, ...others] = settings;
  const best = others.find(({ role }) => role === "method");
  if (best?.main === undefined) return undefined;
  return `${best.id} is the best method: a mean score of ${decimal(best.main)} of 100${best.mainInterval ? ` (95 % interval ${range(best.mainInterval)})` : ""}, and all tokens reach ${decimal(full.main)}.`;
}

function contestSentence(contest: Contest, settings: readonly SettingNumbers[]): string {
  const { best, relative, next, control } = contest;
  const name = (id: string) => settingName(settings.find((setting) => setting.id === id) as SettingNumbers);
  const first =
    next === undefined
      ? `At ${budgetName(contest)}, ${best} reaches ${percent(relative)} of the score of all tokens`
      : `At ${budgetName(contest)}, ${best} is the best method: ${percent(relative)} of the score of all tokens; ${nextWords(name(next.setting), next)}`;
  if (control === undefined) return `${first}.`;
  const against = `the best control, ${name(control.setting)} (${percent(control.relative)})`;
  const subject = next === undefined ? "It" : best;
  if (control.by > 0) return `${first}. ${subject} is ahead of ${against}, by ${points(control)}${doubt(control)}.`;
  return `${first}. ${subject} does not beat ${against}: the difference is ${points(control)}${doubt(control)}.`;
}

function nextWords(name: string, next: Lead): string {
  return next.by === 0 ? `${name} reaches as much` : `${name} is next with ${percent(next.relative)}${doubt(next)}`;
}

function points({ by, interval }: Lead): string {
  const amount = `${decimal(by)} points`;
  return interval === undefined ? amount : `${amount} (95 % interval ${range(interval)})`;
}

/** Unless an interval says that a difference is none of chance, it may be. */
function doubt({ by, interval }: Lead): string {
  if (by === 0) return "";
  if (interval === undefined) return ", a difference that may be chance: it has no interval";
  return interval.low <= 0 && interval.high >= 0 ? ", a difference that may be chance on this many questions" : "";
}

/** Of several dynamic methods the best speaks for all: the section on tokens has each. */
function bestDynamic({ equalTokens }: ReportNumbers): EqualTokens | undefined {
  const [best] = equalTokens.toSorted((a, b) => (b.relative ?? -1) - (a.relative ?? -1));
  return best;
}

function dynamicSentence(dynamic: EqualTokens | undefined, settings: readonly SettingNumbers[]): string | undefined {
  if (dynamic === undefined) return undefined;
  const { setting: id, relative, fixed } = dynamic;
  const tokens = settings.find((each) => each.id === id)?.tokens;
  if (tokens === undefined || relative === undefined) return undefined;
  const kept = `${id} keeps ${decimal(tokens.mean)} tokens on average (${decimal(tokens.p5, 0)} to ${decimal(tokens.p95, 0)} for 90 of 100 questions) and reaches ${percent(relative)}`;
  const best = (which: "atMean" | "atMax", words: string) => {
    const known = fixed.flatMap(({ name, [which]: at }) => (at === undefined ? [] : [{ name, value: at.relative }]));
    const [first] = known.sort((a, b) => b.value - a.value);
    return first === undefined ? [] : [`${percent(first.value)} at an equal ${words} (${first.name})`];
  };
  const parts = [...best("atMean", "mean"), ...best("atMax", "maximum")];
  return parts.length === 0 ? `${kept}.` : `${kept}; the best fixed count reaches ${parts.join(" and ")}.`;
}

function taskSentence({ id, tasks }: SettingNumbers): string | undefined {
  const known = tasks.filter(({ relative }) => relative !== undefined);
  if (known.length < 2) return undefined;
  const sorted = known.sort((a, b) => (a.relative ?? 0) - (b.relative ?? 0));
  const [worst, best] = [sorted[0], sorted[sorted.length - 1]];
  return `Compression costs most on ${worst.task}: ${id} keeps ${percent(worst.relative)} there, and ${percent(best.relative)} on ${best.task}.`;
}

function sliceSentence(focus: SettingNumbers, { breakdowns }: ReportNumbers): string | undefined {
  const slices = breakdowns
    .filter(({ by, task }) => by === "slice" && task === undefined)
    .flatMap(({ part, settings }) => {
      const [own, full] = [focus.id, REFERENCE].map((id) => settings.find(({ setting }) => setting === id)?.score);
      return own === undefined || full === undefined ? [] : [{ part, own, full }];
    })
    .sort((a, b) => a.own - a.full - (b.own - b.full));
  if (slices.length < 2 || slices[0].own >= slices[0].full) return undefined;
  const [{ part, own, full }] = slices;
  return `Of the slices it loses most on ${part}: a mean score of ${decimal(100 * own)} instead of ${decimal(100 * full)} of 100.`;
}

function changeSentence(setting: SettingNumbers): string | undefined {
  const beside = besideFull(setting);
  if (beside.answered === 0) return undefined;
  const interval = range(hundredfold(setting.agreement.interval));
  return `With ${setting.id}, ${unchangedShare(beside)} of the answers are those of all tokens (95 % interval ${interval}); ${turnWords(beside)}.`;
}

function turnWords({ rightToWrong, wrongToRight }: Flips): string {
  const [worse, better] = [decimal(rightToWrong, 0), decimal(wrongToRight, 0)];
  if (worse === "0" && better === "0") return "no answer turns from right to wrong or from wrong to right";
  const turning = worse === "0" ? "no answer turns" : worse === "1" ? "1 answer turns" : `${worse} answers turn`;
  return `${turning} from right to wrong, ${better === "0" ? "none" : better} from wrong to right`;
}

function timeSentence({ id, costs }: SettingNumbers, settings: readonly SettingNumbers[]): string | undefined {
  const full = settings.find((setting) => setting.id === REFERENCE)?.costs;
  if (full === undefined || costs === undefined) return undefined;
  const { text, signals, select } = costs.stages;
  const ms = (value: number) => `${decimal(value, value < 10 ? 1 : 0)} ms`;
  return `On this machine ${id} is ${speedWords(full.firstToken, costs.firstToken)}: ${ms(costs.firstToken)} instead of ${ms(full.firstToken)} (medians), ${ms(text + signals + select)} of it for choosing the tokens.`;
}

function floorSentence(settings: readonly SettingNumbers[]): string | undefined {
  const zero = settings.find(({ method }) => method === "zero")?.relative;
  if (zero === undefined) return undefined;
  return `Without any picture the model still reaches ${percent(zero)}: only the score above that comes from the image.`;
}

/** Warnings of the number that all others are compared with. */
function warningSentences({ warnings }: ReportNumbers): string[] {
  return warnings.filter((own) => own.settings.includes(REFERENCE)).map(({ task, text }) => `Of ${task}: ${text}.`);
}

function failureSentence({ failures, tasks }: ReportNumbers): string {
  const failed = failures.reduce((sum, { count }) => sum + count, 0);
  const unread = tasks.reduce((sum, { problems }) => sum + problems.length, 0);
  const samples = failed === 0 ? "No sample failed" : failed === 1 ? "1 answer failed" : `${failed} answers failed`;
  const rows = unread === 0 ? "" : `; ${unread} ${unread === 1 ? "row" : "rows"} of the data could not be used`;
  return `${samples}${rows}.`;
}
