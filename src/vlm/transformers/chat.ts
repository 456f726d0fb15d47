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
import { type AnswerStream, answerStream } from "../answer-stream.js";
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
import { answerPrompt } from "./generate.js";
import { assertGeneration } from "./generation-settings.js";
import type { HostCache } from "./host.js";
import type { Sight } from "./image-encoder.js";
import { assertQuestion, type ImageInput, type LoadedVlm, type Message, tableOf, textIds } from "./loaded-model.js";

/**
 * How a later question gets tokens that the context lacks. `append`: their rows are added to the running cache, before the question;
 * nothing is computed again. `reprefill`: the whole conversation anew, with the rows in the picture's place. `none`: not at all.
 */
export type Recovery = "append" | "reprefill" | "none";

export interface ChatOptions {
  readonly image: ImageInput;
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
  ask(options: Omit<AnswerOptions, "compression">): AnswerStream<TurnResult>;
  /** What the context holds of the picture; undefined before the first answer. */
  readonly context: CompressionPlan | undefined;
  dispose(): Promise<void>;
}

/** What is agreed on after a turn. */
interface State {
  readonly messages: readonly Message[];
  /** Undefined where a turn that failed has used it up: then the next one computes the conversation anew. */
  readonly cache?: HostCache;
  /** Ids of everything in the cache. */
  readonly history: readonly number[];
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

  let disposed = false;
  const turn = async (options: Omit<AnswerOptions, "compression">, emit: (piece: string) => void) => {
    const { question, relevanceText = question, generation, signal } = options;
    const maxNewTokens = checkedMaximum(options.maxNewTokens);
    const start = performance.now();
    const clock = stageClock();
    const sight = state?.sight ?? (await look(vlm, image, chosen.readsSignals, clock, signal));
    const table = await tableOf(vlm, sight, relevanceText, clock);
    const wanted = await clock.time("select", () => chosen.plan(table));
    signal?.throwIfAborted();
    const recovered = state === undefined || recovery === "none" ? [] : lacking(state.context, wanted);
    const context = state === undefined ? wanted : recover(state.context, recovered);
    const prompt = await clock.time("splice", () =>
      nextPrompt(vlm, { state, recovery, question, sight, recovered, context }),
    );
    const visual = await clock.time("project", () =>
      Promise.all(prompt.plans.map((plan) => vlm.encoder.project(applyPlan(plan, sight.features)))),
    );
    const { rows, ids } = await clock.time("splice", () => splice(vlm, prompt.ids, prompt.plans, visual));
    const before = prompt.past?.get_seq_length() ?? 0;
    assertRoom(vlm, before + ids.length, maxNewTokens);
    const history = prompt.past === undefined ? [] : (state?.history ?? []);
    const asked = { rows, ids, past: prompt.past, history, maxNewTokens, generation, signal, emit, clock };
    const { tokenIds, cache, bytesPerToken } = await answerPrompt(vlm, asked).catch((error) => {
      // On a GPU an update frees the tensors that it replaces, those of the agreed cache too.
      if (state !== undefined && prompt.past !== undefined && isOnGpu(prompt.past))
        state = { ...state, cache: undefined };
      throw error;
    });
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
    if (prompt.past === undefined) await state?.cache?.dispose();
    const known = [...history, ...ids, ...tokenIds.slice(0, -1)];
    state = { messages, cache, history: known, lastToken, sight, context, turn: result.turn };
    return result;
  };

  return {
    ask(options) {
      if (disposed) throw refusal("a chat that is not disposed of", "one that is");
      assertQuestion(options.question);
      assertQuestion(options.relevanceText ?? options.question);
      checkedMaximum(options.maxNewTokens);
      assertGeneration(vlm, options.generation);
      return answerStream((emit) => queue(() => turn(options, emit)));
    },
    get context() {
      return state?.context;
    },
    async dispose() {
      if (disposed) return;
      disposed = true;
      await queue(async () => {
        await state?.cache?.dispose();
        state = undefined;
      });
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
  if (state?.cache === undefined || recovery === "reprefill") {
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

function isOnGpu(cache: HostCache): boolean {
  return Object.values(cache as unknown as Record<string, { location?: string }>).some(
    ({ location }) => location === "gpu-buffer",
  );
}

/**
 * Ids that the new plan keeps for the question and the context has no row of, ascending. Methods that tell rows of the text from
 * those of the picture say which; of others all rows of their own may be the question's.
 */
function lacking(context: CompressionPlan, wanted: CompressionPlan): number[] {
  const own = (plan: CompressionPlan, roles: readonly string[]) =>
    Array.from(plan.anchor).filter((_, row) => roles.includes(ROLES[plan.roles[row]]));
  const present = new Set(own(context, ["visual", "text"]));
  const text = own(wanted, ["text"]);
  return (text.length > 0 ? text : own(wanted, ["visual"])).filter((id) => !present.has(id)).sort((a, b) => a - b);
}

/**
 * Ids on top of the cache: the last token of the answer, what the chat template puts after an answer, and the next question; with one
 * placeholder where recovered rows go, as the template places a picture.
 */
function continuation(vlm: LoadedVlm, { messages, lastToken }: State, question: string, picture: boolean): number[] {
  const asked = renderChat(vlm, messages.slice(0, -1), true).trimEnd();
  const answered = renderChat(vlm, messages, false);
  const whole = renderChat(vlm, [...messages, userMessage(question, picture ? 1 : 0)], true);
  const [part] = messages[messages.length - 1].content;
  const answer = part.type === "text" ? part.text : "";
  const place = answered.indexOf(answer, asked.length);
  if (!answered.startsWith(asked) || place < 0 || !whole.startsWith(answered)) {
    throw refusal(
      'a chat template that only adds text at its end (recovery "reprefill" takes any)',
      "one that rewrites it",
    );
  }
  // As one text, since tokenizers mark where a text begins. What stands before an empty answer's end is the answer's own space.
  const rest = whole.slice(place + answer.length);
  const restIds = textIds(vlm.processor.tokenizer, answer === "" ? rest.trimStart() : rest, false);
  // An answer that ended by itself has its end token already.
  const ids = [lastToken, ...(restIds[0] === lastToken ? restIds.slice(1) : restIds)];
  assertPlaceholders(vlm, ids, picture ? 1 : 0);
  return ids;
}

function refusal(expected: string, got: string): InvalidInputError {
  return new InvalidInputError({ operation: "chat", expected, got });
}
