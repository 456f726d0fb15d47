/** @file Answers, and what they took, for the terminal. */
import { ROLES } from "../core/index.js";
import { median } from "../math/index.js";
import type { AskResult } from "../vlm/index.js";
import type { CommandIo } from "./command.js";
import { evidenceLine } from "./evidence-line.js";
import { styled, widthOf } from "./style.js";
import { facts, textTable, wrapLines } from "./text-table.js";

/** The pieces of an answer as they come, and a line's end, also behind half an answer. @throws what the pieces throw. */
export async function writeAnswer(pieces: AsyncIterable<string>, io: Pick<CommandIo, "write">): Promise<void> {
  let begun = false;
  try {
    for await (const piece of pieces) {
      begun = true;
      io.write(styled("strong", piece));
    }
  } catch (error) {
    if (begun) io.write("\n");
    throw error;
  }
  io.write("\n");
}

/** Lines about one answer: what stayed, what it took, and what the question points at in each image, where that is known. */
export function answerLines({ method, tokens, roles, timings, kvBytes, evidence }: AskResult): string[] {
  const share = tokens.source === 0 ? 0 : (100 * tokens.kept) / tokens.source;
  const kinds = ROLES.filter((role) => roles[role] > 0).map((role) => `${roles[role]} ${role}`);
  const stages = [
    `vision ${time(timings.vision)}`,
    ...(method === ALL_TOKENS ? [] : [`selection ${time(selection(timings))}`]),
    `prefill ${time(timings.prefill)}`,
  ];
  return [
    `${tokens.kept} of ${tokens.source} visual tokens (${share.toFixed(1)} %)${kinds.length > 0 ? `: ${kinds.join(", ")}` : ""}`,
    `first token after ${time(timings.firstToken)} ms (${stages.join(", ")}), then ${time(timings.decodePerToken)} ms a token; ` +
      `KV cache ${megabytes(kvBytes.kept)} of ${megabytes(kvBytes.full)} MB`,
    ...evidence.map((each) => evidenceLine(method, each)).filter((line) => line !== undefined),
  ];
}

/** What the decoder was not told about the rows, and why; undefined where nothing is lacking. */
export function untoldLine({ told: { untold } }: Pick<AskResult, "told">): string | undefined {
  const facts = Object.entries(untold).map(([fact, reason]) => `${fact} (${reason})`);
  return facts.length === 0 ? undefined : `not told to the decoder: ${facts.join(", ")}`;
}

/** An answer under the name of what gave it. */
export interface TitledAnswer {
  readonly title: string;
  readonly result: Pick<AskResult, "answer" | "method" | "tokens" | "timings" | "kvBytes">;
  /** The times of each round, where those of the result are their medians. */
  readonly rounds?: readonly AskResult["timings"][];
}

/** Equal answers of several rounds as one: the first, with the median of each time. */
export function ofRounds(results: readonly AskResult[]): { result: AskResult; rounds: AskResult["timings"][] } {
  const [first] = results;
  const rounds = results.map(({ timings }) => timings);
  const names = Object.keys(first.timings) as (keyof AskResult["timings"])[];
  const medians = names.map((name) => [name, median(rounds.map((timings) => timings[name]))]);
  return { result: { ...first, timings: Object.fromEntries(medians) }, rounds };
}

/** A number of an answer, how it is written, and words for fewer and for more of it. */
interface Measure {
  readonly title: string;
  readonly of: (result: TitledAnswer["result"]) => number;
  readonly text: (value: number) => string;
  /** Without them, no ratio. */
  readonly words?: readonly [less: string, more: string];
}

/** The method that selects nothing: what is measured there is the list of all tokens being made. */
const ALL_TOKENS = "none";

/** Without words: all tokens take no selection to compare with. */
const SELECTION: Measure = { title: "selection, ms", of: ({ timings }) => selection(timings), text: time };

const MEASURES: readonly Measure[] = [
  { title: "visual tokens", of: ({ tokens }) => tokens.kept, text: String, words: ["fewer", "more"] },
  { title: "prompt tokens", of: ({ tokens }) => tokens.prompt, text: String, words: ["fewer", "more"] },
  SELECTION,
  { title: "prefill, ms", of: ({ timings }) => timings.prefill, text: time, words: ["faster", "slower"] },
  { title: "first token, ms", of: ({ timings }) => timings.firstToken, text: time, words: ["faster", "slower"] },
  { title: "next token, ms", of: ({ timings }) => timings.decodePerToken, text: time, words: ["faster", "slower"] },
  { title: "KV cache, MB", of: ({ kvBytes }) => kvBytes.kept, text: megabytes, words: ["smaller", "larger"] },
];

/** Longest answer that has a place in the table, in columns of the terminal. */
const LONGEST_CELL = 20;

/**
 * Answers side by side, a column each. The second is measured against the first, the baseline: the column behind it says how many times
 * fewer, faster or smaller, or, of times, that their rounds overlap; a line below the table says what that means. Longer answers stand above.
 */
export function answerTable([baseline, own, ...others]: readonly TitledAnswer[], width?: number): string {
  const all = [baseline, own, ...others];
  const answers = all.map(({ title, result }) => [title, result.answer.trim()] as const);
  const isShort = answers.every(([, answer]) => widthOf(answer) <= LONGEST_CELL && !answer.includes("\n"));
  const row = (title: string, cells: readonly string[], ratio: string) => [
    title,
    ...cells.slice(0, 2),
    ratio,
    ...cells.slice(2),
  ];
  const rows = MEASURES.map((measure) => {
    const { title, of, text } = measure;
    const cells = all.map(({ result }) =>
      measure === SELECTION && result.method === ALL_TOKENS ? "-" : text(of(result)),
    );
    const isNoise = measure.words !== undefined && overlaps(baseline, own, of);
    const ratio = isNoise ? OVERLAP : ratioText(of(baseline.result), of(own.result), measure);
    return row(title, cells, ratio);
  });
  if (isShort) {
    const same = answers[0][1] === answers[1][1] ? "same" : "other";
    rows.unshift(
      row(
        "answer",
        answers.map(([, answer]) => answer),
        same,
      ),
    );
  }
  const titles = row(
    "",
    all.map(({ title }) => title),
    `vs ${baseline.title}`,
  );
  const lines = rows.some((cells) => cells.includes(OVERLAP)) ? ["", wrapLines(OVERLAP_MEANS, width ?? Infinity)] : [];
  const table = [textTable(titles, rows, { width }), ...lines].join("\n");
  return isShort ? table : `${facts(answers, width)}\n\n${table}`;
}

/** For times that differ less than from round to round. */
const OVERLAP = "rounds overlap";
const OVERLAP_MEANS =
  "rounds overlap: the times differ, but no more than they do from round to round; neither is shown to be faster.";

/** Whether a number of two answers differs from round to round, and the ranges of both have something in common. */
function overlaps(one: TitledAnswer, other: TitledAnswer, of: Measure["of"]): boolean {
  const [a, b] = [one, other].map(({ result, rounds = [] }) => rounds.map((timings) => of({ ...result, timings })));
  if (new Set([...a, ...b]).size < 2) return false;
  return Math.min(...a) <= Math.max(...b) && Math.min(...b) <= Math.max(...a);
}

/** `2.1x faster`; a dash where nothing is measured. */
function ratioText(baseline: number, own: number, { words }: Measure): string {
  if (words === undefined) return "";
  if (!(baseline > 0 && own > 0)) return "-";
  const ratio = Math.max(baseline, own) / Math.min(baseline, own);
  const text = ratio.toFixed(ratio < 9.95 ? 1 : 0);
  return text === "1.0" ? "same" : `${text}x ${words[own < baseline ? 0 : 1]}`;
}

function selection({ signals, select }: AskResult["timings"]): number {
  return signals + select;
}

/** Milliseconds. */
export function time(milliseconds: number): string {
  return milliseconds.toFixed(milliseconds < 10 ? 1 : 0);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2);
}
