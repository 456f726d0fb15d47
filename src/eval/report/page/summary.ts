/** @file What a run says, in a few sentences, each computed from the numbers. */
import type { Contest, Lead } from "../numbers/contests.js";
import { REFERENCE } from "../numbers/entries.js";
import type { EntryNumbers } from "../numbers/entry-numbers.js";
import type { ReportNumbers } from "../numbers/report-numbers.js";
import { budgetName, decimal, entryName, percent, range } from "./words.js";

/** Sentences, the main ones first. */
export function summarySentences(numbers: ReportNumbers): string[] {
  const { contests, entries } = numbers;
  const focus = focusEntry(numbers);
  return [
    // Of a dynamic method alone the sentences below say more.
    ...contests
      .filter(({ budget, next }) => budget !== "dynamic" || next !== undefined)
      .map((contest) => contestSentence(contest, entries)),
    ...numbers.equalTokens.flatMap((each) => dynamicSentences(each, entries)),
    ...(focus === undefined
      ? ["No method was asked beside all tokens."]
      : [...lossSentences(focus, numbers), ...changeSentences(focus), ...timeSentences(focus, entries)]),
    ...floorSentences(entries),
    failureSentence(numbers),
  ];
}

/** The entry that the sentences on losses and time are about: the best method at the first budget that is a number. */
export function focusEntry({ contests, entries }: ReportNumbers): EntryNumbers | undefined {
  const contest = contests.find(({ budget }) => typeof budget === "number") ?? contests[0];
  return entries.find(({ id }) => id === contest?.best);
}

function contestSentence({ budget, best, relative, next, control }: Contest, entries: readonly EntryNumbers[]): string {
  const name = (id: string) => entryName(entries.find((entry) => entry.id === id) as EntryNumbers);
  const first =
    next === undefined
      ? `At ${budgetName(budget)}, ${best} reaches ${percent(relative)} of the score of all tokens`
      : `At ${budgetName(budget)}, ${best} is the best method: ${percent(relative)} of the score of all tokens; ${nextWords(name(next.entry), next)}`;
  if (control === undefined) return `${first}.`;
  const against = `the best control, ${name(control.entry)} (${percent(control.relative)})`;
  if (control.by > 0) return `${first}. It is ahead of ${against}, by ${points(control)}${doubt(control)}.`;
  return `${first}. It does not beat ${against}: the difference is ${points(control)}.`;
}

function nextWords(name: string, next: Lead): string {
  return next.by === 0 ? `${name} reaches as much` : `${name} is next with ${percent(next.relative)}${doubt(next)}`;
}

function points({ by, interval }: Lead): string {
  const amount = `${decimal(by)} points`;
  return interval === undefined ? amount : `${amount} (95 % interval ${range(interval)})`;
}

function doubt({ interval }: Lead): string {
  return interval !== undefined && interval.low <= 0 && interval.high >= 0
    ? ", a difference that may be chance on this many questions"
    : "";
}

function dynamicSentences(
  { entry: id, relative, series }: ReportNumbers["equalTokens"][number],
  entries: readonly EntryNumbers[],
): string[] {
  const entry = entries.find((each) => each.id === id);
  if (entry?.tokens === undefined || relative === undefined) return [];
  const { mean, p5, p95 } = entry.tokens;
  const kept = `${id} keeps ${decimal(mean)} tokens on average (${decimal(p5, 0)} to ${decimal(p95, 0)} for 90 of 100 questions) and reaches ${percent(relative)}`;
  const best = (which: "atMean" | "atMax") =>
    series
      .flatMap((each) => {
        const value = each[which]?.relative;
        return value === undefined ? [] : [{ name: each.series, value }];
      })
      .sort((a, b) => b.value - a.value)[0];
  const [atMean, atMax] = [best("atMean"), best("atMax")];
  if (atMean === undefined && atMax === undefined) return [`${kept}.`];
  const parts = [
    ...(atMean === undefined ? [] : [`${percent(atMean.value)} at an equal mean (${atMean.name})`]),
    ...(atMax === undefined ? [] : [`${percent(atMax.value)} at an equal maximum (${atMax.name})`]),
  ];
  return [`${kept}; the best fixed count reaches ${parts.join(" and ")}.`];
}

function lossSentences(focus: EntryNumbers, { tasks, breakdowns }: ReportNumbers): string[] {
  const out: string[] = [];
  const known = focus.tasks.filter((task) => task.relative !== undefined);
  if (tasks.length > 1 && known.length > 1) {
    const sorted = [...known].sort((a, b) => (a.relative ?? 0) - (b.relative ?? 0));
    const [worst, best] = [sorted[0], sorted[sorted.length - 1]];
    out.push(
      `Compression costs most on ${worst.task}: ${focus.id} keeps ${percent(worst.relative)} there, and ${percent(best.relative)} on ${best.task}.`,
    );
  }
  const slices = breakdowns
    .filter(({ by, task }) => by === "slice" && task === undefined)
    .flatMap(({ group, entries }) => {
      const [own, full] = [focus.id, REFERENCE].map((id) => entries.find(({ entry }) => entry === id)?.score);
      return own === undefined || full === undefined ? [] : [{ group, own, full }];
    });
  const [slice] = slices.sort((a, b) => a.own - a.full - (b.own - b.full));
  if (slices.length > 1 && slice.own < slice.full) {
    out.push(
      `Of the slices it loses most on ${slice.group}: a mean score of ${decimal(100 * slice.own)} instead of ${decimal(100 * slice.full)} of 100.`,
    );
  }
  return out;
}

function changeSentences({ id, tasks }: EntryNumbers): string[] {
  const sum = (value: (task: EntryNumbers["tasks"][number]) => number) =>
    tasks.reduce((total, task) => total + value(task), 0);
  const answered = sum(({ loyalty }) => loyalty.answered);
  if (answered === 0) return [];
  const unchanged = sum(({ loyalty }) => loyalty.unchanged);
  const [worse, better] = [sum(({ flips }) => flips.rightToWrong), sum(({ flips }) => flips.wrongToRight)];
  return [
    `With ${id}, ${percent((100 * unchanged) / answered)} of the answers are those of all tokens; ${decimal(worse, 0)} answers turn from right to wrong, ${decimal(better, 0)} from wrong to right.`,
  ];
}

function timeSentences(focus: EntryNumbers, entries: readonly EntryNumbers[]): string[] {
  const full = entries.find(({ id }) => id === REFERENCE)?.costs;
  const { costs } = focus;
  if (full === undefined || costs === undefined) return [];
  const { text, signals, select } = costs.stages;
  const ms = (value: number) => `${decimal(value, value < 10 ? 1 : 0)} ms`;
  return [
    `On this machine the first token takes ${ms(full.firstToken)} with all tokens and ${ms(costs.firstToken)} with ${focus.id} (medians), ${ms(text + signals + select)} of it for choosing the tokens.`,
  ];
}

function floorSentences(entries: readonly EntryNumbers[]): string[] {
  const zero = entries.find(({ method }) => method === "zero");
  return zero?.relative === undefined
    ? []
    : [
        `Without any picture the model still reaches ${percent(zero.relative)}: only what is above that comes from seeing.`,
      ];
}

function failureSentence({ failures, tasks }: ReportNumbers): string {
  const failed = failures.reduce((sum, { count }) => sum + count, 0);
  const unread = tasks.reduce((sum, { problems }) => sum + problems.length, 0);
  const samples = failed === 0 ? "No sample failed" : failed === 1 ? "1 answer failed" : `${failed} answers failed`;
  const rows = unread === 0 ? "" : `; ${unread} ${unread === 1 ? "row" : "rows"} of the data could not be used`;
  return `${samples}${rows}.`;
}
