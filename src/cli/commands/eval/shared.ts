/** @file Steps that both ways of `recoup eval` share: the request, progress, and words about failures. */
import { join, relative, resolve, sep } from "node:path";
import { checkedTold } from "../../../core/index.js";
import {
  coarseSentence,
  comparisonSettings,
  type ModuleMethod,
  type RunRequest,
  textSignalOf,
  weakTextSentence,
} from "../../../eval/index.js";
import {
  type AnswerEvent,
  type AnsweredEvent,
  type ReadEvent,
  type ScoredEvent,
  writeMachine,
} from "../../../eval/node/index.js";
import type { Vlm } from "../../../vlm/transformers/node/index.js";
import type { CommandIo } from "../../command.js";
import type { NamedMethods } from "../../own-method/index.js";
import { duration, progressLine } from "../../progress.js";
import { scoreTable } from "../../score-table.js";
import { styled } from "../../style.js";
import { isToy, TOY_NOTE } from "../../toy.js";
import type { EvalFlags, EvalInvocation } from "./flags.js";
import { toldRequest } from "./methods.js";

/** Parts of a request that the two ways fill in. */
type EvalRequest = Pick<RunRequest, "seed" | "notes" | "limit"> &
  Pick<Parameters<typeof comparisonSettings>[0], "controls"> & { readonly methods: NamedMethods };

/** A run's request but for its tasks; settings that are left out are noted. */
export function runFacts(vlm: Vlm, flags: EvalFlags, request: EvalRequest, io: CommandIo): Omit<RunRequest, "tasks"> {
  const { methods, controls, notes, ...facts } = request;
  const { signals, grid, imageSize, language, family, defaultMethod } = vlm.manifest;
  const { model, dtype, device, conversation, pad, logits, budgets } = flags;
  const shown = imageSize === undefined ? undefined : grid;
  const { words, own } = methods;
  const { untold } = vlm.capabilities;
  const rows = { ...toldRequest(flags), untold };
  const compared = comparisonSettings({ methods: words, own, budgets, controls, signals, grid: shown, ...rows });
  const { positions, mass } = checkedTold("eval", { name: vlm.name, untold }, {});
  for (const reason of compared.leftOut) io.note(`left out: ${reason}`);
  return {
    model: { name: isToy(model) ? "tiny" : vlm.name, family, dtype, device },
    language,
    ...compared,
    ...(own.length > 0 && { own: own.map(({ method: { id }, path, sha256 }) => ({ id, path, sha256 })) }),
    conversation,
    pad: pad || undefined,
    logits: logits || undefined,
    told: { positions, mass },
    defaultMethod,
    ...facts,
    notes: [...(isToy(model) ? [TOY_NOTE] : []), ...notes, ...own.map(ownNote)],
  };
}

/** Said wherever the run's numbers are shown. */
function ownNote({ method: { id }, path, sha256 }: ModuleMethod): string {
  return `${id} is a method from ${path} (SHA-256 ${sha256}; modules that it imports are not in that number).`;
}

/** The command line of a run, and the folder of its pictures where one was given. */
interface RunInvocation extends Pick<EvalInvocation, "flags" | "args"> {
  readonly data?: string;
}

/** Shows how far a run is; at its end writes `machine.json` and notes what failed. @returns the last event. */
export async function followed<E extends AnsweredEvent>(
  events: AsyncIterable<AnswerEvent | ReadEvent | E>,
  { flags: { out }, args, data }: RunInvocation,
  io: CommandIo,
): Promise<E> {
  const line = progressLine(io, { rated: true });
  let last: E | undefined;
  for await (const event of events) {
    if (event.status === "answered") last = event;
    else if (event.status === "read") noteProblems(event, io);
    else line("answers", event.done, event.total, event.failed > 0 ? `${event.failed} failed` : undefined);
  }
  const done = last as E;
  const { plan, records, asked, failed, total, reason, timing } = done;
  // A resumed run that asked nothing has no times.
  // From the run's folder: a report is made from wherever.
  const place = data === undefined ? undefined : relative(resolve(out), resolve(data)).split(sep).join("/");
  if (asked > 0) await writeMachine(out, { command: `recoup eval ${args.join(" ")}`, data: place, timing });
  const own = (plan.state.own ?? []).map(({ id }) => id);
  for (const { id } of plan.state.settings.filter(({ method }) => own.includes(method))) {
    const answers = Array.from(records.values()).filter(({ setting }) => setting === id);
    if (answers.every(({ error }) => error !== undefined)) io.note(`${id}: no answer: ${answers[0]?.error}`);
  }
  const where = `${join(out, "answers.jsonl")} says why`;
  if (failed > 0) io.tell(`${failed} of ${total} answers failed (the first: ${reason}); ${where}`);
  const weak = weakTextSentence(textSignalOf(records.values()));
  if (weak !== undefined) io.note(styled("warning", weak));
  return done;
}

/** Says how long a run with scores took, and shows them. */
export function showScores(
  { total, timing, scores, coarse, plan }: ScoredEvent,
  { out, json }: EvalFlags,
  io: CommandIo,
): void {
  io.note(`${total} answers in ${duration(timing.seconds)}; recoup report ${out} makes the page`);
  const sentence = coarseSentence(coarse);
  if (sentence !== undefined) io.note(sentence);
  io.out(json ? JSON.stringify(scores, undefined, 2) : scoreTable(scores, plan.state, io.columns));
}

/** Notes rows that cannot be used: the first three, and how many more. */
export function noteProblems({ task, problems }: Omit<ReadEvent, "status">, io: CommandIo): void {
  for (const { file, line, what } of problems.slice(0, 3)) {
    io.note(`warning: ${file}${line === undefined ? "" : `:${line}`}: ${what}`);
  }
  const more = problems.length - 3;
  if (more > 0) io.note(`warning: ${more} more ${more === 1 ? "row" : "rows"} of ${task} cannot be used`);
}
