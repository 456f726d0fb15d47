/** @file A conversation about one picture: its source tokens stay, and a later question gets back what the context lacks. */
import {
  applyPlan,
  type CompressionPlan,
  InvalidInputError,
  orderRows,
  ownRow,
  ROLES,
  recover,
} from "../../core/index.js";
import { type Answering, answerStream } from "../answer-stream.js";
import { type Compression, chooseMethod } from "../compression.js";
import { stageClock } from "../stages.js";
import {
  type AnswerOptions,
  type AskResult,
  assertPlaceholders,
  assertRoom,
  checkedMaximum,
  decodeAnswer,
  expand,
  look,
  promptIds,
  renderChat,
  splice,
  summary,
  userMessage,
} from "./ask.js";
import type { Sight } from "./eyes.js";
import { answerPrompt } from "./generate.js";
import type { HostCache } from "./host.js";
import { assertQuestion, type LoadedVlm, type Message, type PictureSource, tableOf, textIds } from "./vlm.js";

/**
 * How a later question gets tokens that the context lacks. `append`: their rows are added to the running cache, before the question;
 * nothing is computed again. `reprefill`: the whole conversation anew, with the rows in the picture's place. `none`: not at all.
 */
export type Recovery = "append" | "reprefill" | "none";

export interface ChatOptions {
  readonly image: PictureSource;
  /** Default: `append`. */
  readonly recovery?: Recovery;
  /** Of every turn; the first decides what the context holds, later ones what is recovered. */
  readonly compression?: Compression;
}

export interface TurnResult extends AskResult {
  /** From 1. */
  readonly turn: number;
  /** Source ids that came (back) into the context at this turn, ascending; none at the first. */
  readonly recovered: readonly number[];
  /** What the context holds of the picture after this turn. */
  readonly context: CompressionPlan;
}

export interface Chat {
  /** The next question. A turn that fails or is stopped leaves the conversation as it was before. */
  ask(options: Omit<AnswerOptions, "compression">): Answering<TurnResult>;
  /** What the context holds of the picture; undefined before the first answer. */
  readonly context: CompressionPlan | undefined;
  dispose(): Promise<void>;
}

/** What is agreed on after a turn. */
interface State {
  readonly messages: readonly Message[];
  readonly cache: HostCache;
  /** The last token of the last answer, which the cache lacks. */
  readonly lastToken: number;
  readonly sight: Sight;
  readonly context: CompressionPlan;
  readonly turn: number;
}

/** Starts a conversation; the picture is looked at with the first question. */
export function startChat(
  vlm: LoadedVlm,
  { image, recovery = "append", compression = {} }: ChatOptions,
  queue: <T>(work: () => Promise<T>) => Promise<T>,
): Chat {
  if (recovery !== "append" && recovery !== "reprefill" && recovery !== "none") {
    throw refusal("recovery append, reprefill or none", String(recovery));
  }
  const chosen = chooseMethod(vlm.manifest, compression);
  let state: State | undefined;

  const turn = async (options: Omit<AnswerOptions, "compression">, emit: (piece: string) => void) => {
    const { question, generation, signal } = options;
    const maxNewTokens = checkedMaximum(options.maxNewTokens);
    const start = performance.now();
    const clock = stageClock();
    const sight = state?.sight ?? (await look(vlm, image, chosen.readsSignals, clock, signal));
    const table = await tableOf(vlm, sight, question, clock);
    const wanted = await clock.time("select", () => chosen.plan(table));
    signal?.throwIfAborted();
    const recovered = state === undefined || recovery === "none" ? [] : lacking(state.context, wanted);
    const context = state === undefined ? wanted : recover(state.context, recovered);
    const prompt = await clock.time("splice", () =>
      nextPrompt(vlm, { state, recovery, question, sight, recovered, context }),
    );
    const visual = await clock.time("project", () =>
      Promise.all(prompt.plans.map((plan) => vlm.eyes.project(applyPlan(plan, sight.features)))),
    );
    const { rows, ids } = await clock.time("splice", () => splice(vlm, prompt.ids, prompt.plans, visual));
    const before = prompt.past?.get_seq_length() ?? 0;
    assertRoom(vlm, before + ids.length, maxNewTokens);
    const asked = { rows, ids, past: prompt.past, maxNewTokens, generation, signal, emit, clock };
    const { tokenIds, cache, bytesPerToken } = await answerPrompt(vlm, asked);
    const answer = decodeAnswer(vlm, tokenIds);
    const result: TurnResult = {
      answer,
      tokenIds,
      promptIds: ids,
      method: chosen.method,
      model: vlm.name,
      tables: [table],
      ...summary([context], { prompt: before + ids.length, bytesPerToken, clock, start, tokenIds }),
      turn: (state?.turn ?? 0) + 1,
      recovered,
      context,
    };
    const messages = [...(state?.messages ?? []), userMessage(question, state === undefined ? 1 : 0), said(answer)];
    const lastToken = tokenIds[tokenIds.length - 1] ?? ids[ids.length - 1];
    state = { messages, cache, lastToken, sight, context, turn: result.turn };
    return result;
  };

  return {
    ask(options) {
      assertQuestion(options.question);
      return answerStream((emit) => queue(() => turn(options, emit)));
    },
    get context() {
      return state?.context;
    },
    async dispose() {
      await state?.cache.dispose();
      state = undefined;
    },
  };
}

function said(answer: string): Message {
  return { role: "assistant", content: [{ type: "text", text: answer }] };
}

interface NextTurn {
  readonly state: State | undefined;
  readonly recovery: Recovery;
  readonly question: string;
  readonly sight: Sight;
  readonly recovered: readonly number[];
  readonly context: CompressionPlan;
}

/** What goes into the decoder at a turn, and on top of which cache. */
function nextPrompt(
  vlm: LoadedVlm,
  { state, recovery, question, sight, recovered, context }: NextTurn,
): { ids: number[]; plans: CompressionPlan[]; past?: HostCache } {
  if (state === undefined || recovery === "reprefill") {
    const messages = [...(state?.messages ?? []), userMessage(question, state === undefined ? 1 : 0)];
    return { ids: promptIds(vlm, renderChat(vlm, messages, true), [sight]), plans: [context] };
  }
  const rows = recovered.map((id) => ownRow("text", id));
  const ids = continuation(vlm, state, question, rows.length > 0);
  return {
    ids: expand(vlm, ids, [context.sourceCount]),
    plans: rows.length === 0 ? [] : [orderRows(rows, context.sourceCount, "append")],
    // Updates replace a cache's tensors, so what was agreed on stays whole.
    past: new vlm.host.DynamicCache({ ...(state.cache as unknown as Record<string, never>) }),
  };
}

/** Ids that the new plan keeps for the question and the context has no row of, ascending. */
function lacking(context: CompressionPlan, wanted: CompressionPlan): number[] {
  const own = (plan: CompressionPlan, roles: readonly string[]) =>
    Array.from(plan.anchor).filter((_, row) => roles.includes(ROLES[plan.roles[row]]));
  const present = new Set(own(context, ["visual", "text"]));
  return own(wanted, ["text"])
    .filter((id) => !present.has(id))
    .sort((a, b) => a - b);
}

/**
 * Ids on top of the cache: the last token of the answer, what the chat template puts after an answer, and the next question; with one
 * placeholder where recovered rows go, as the template places a picture.
 */
function continuation(vlm: LoadedVlm, { messages, lastToken }: State, question: string, picture: boolean): number[] {
  const asked = renderChat(vlm, messages.slice(0, -1), true);
  const answered = renderChat(vlm, messages, false);
  const whole = renderChat(vlm, [...messages, userMessage(question, picture ? 1 : 0)], true);
  if (!answered.startsWith(asked.trimEnd()) || !whole.startsWith(answered)) {
    throw refusal(
      'a chat template that only adds text at its end (recovery "reprefill" takes any)',
      "one that rewrites it",
    );
  }
  const [part] = messages[messages.length - 1].content;
  const answer = part.type === "text" ? part.text : "";
  const closing = answered.slice(answered.indexOf(answer, asked.trimEnd().length) + answer.length);
  const { tokenizer } = vlm.processor;
  const closingIds = textIds(tokenizer, closing, false);
  // An answer that ended by itself has its end token already.
  const rest = closingIds[0] === lastToken ? closingIds.slice(1) : closingIds;
  const ids = [lastToken, ...rest, ...textIds(tokenizer, whole.slice(answered.length), false)];
  assertPlaceholders(vlm, ids, picture ? 1 : 0);
  return ids;
}

function refusal(expected: string, got: string): InvalidInputError {
  return new InvalidInputError({ operation: "chat", expected, got });
}
