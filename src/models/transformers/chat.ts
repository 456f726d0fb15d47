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
  look,
  prefillHead,
  promptIds,
  renderChat,
  splice,
  summary,
} from "./ask.js";
import { generateAnswer } from "./generate.js";
import type { HostCache } from "./host.js";
import { cacheBytes } from "./prefill.js";
import type { Sight } from "./vision-parts.js";
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
    const sight = state?.sight ?? (await look(vlm, image, clock, signal));
    const vectors = await clock.time("text", () => vlm.guide.vectors(question));
    const table = await clock.time("signals", () => tableOf(vlm, sight, vectors));
    const wanted = await clock.time("select", () => chosen.plan(table));
    signal?.throwIfAborted();
    const recovered = state === undefined || recovery === "none" ? [] : lacking(state.context, wanted);
    const context = state === undefined ? wanted : recover(state.context, recovered);
    const prompt = state === undefined ? { ids: promptIds(vlm, question, 1), plan: wanted } : nextPrompt(state);

    /** What goes into the decoder at a later turn, and on top of which cache. */
    function nextPrompt(before: State): { ids: number[]; plan?: CompressionPlan; past?: HostCache } {
      if (recovery === "reprefill") {
        const messages = [...before.messages, userMessage(question, false)];
        const ids = textIds(vlm.processor.tokenizer, renderChat(vlm, messages, true), true);
        assertPlaceholders(vlm, ids, 1);
        return { ids, plan: context };
      }
      const rows = recovered.map((id) => ownRow("text", id));
      return {
        ids: continuation(vlm, before, question, recovered.length > 0),
        plan: rows.length === 0 ? undefined : orderRows(rows, context.sourceCount, "append"),
        // Updates replace a cache's tensors, so what was agreed on stays whole.
        past: new vlm.host.DynamicCache({ ...(before.cache as unknown as Record<string, never>) }),
      };
    }

    const plans = prompt.plan === undefined ? [] : [prompt.plan];
    const visual = await clock.time("project", async () =>
      Promise.all(plans.map((plan) => vlm.vision.project(applyPlan(plan, sight.features)))),
    );
    const { rows, spliced } = await clock.time("splice", () => splice(vlm, prompt.ids, plans, visual));
    const past = "past" in prompt ? prompt.past : undefined;
    assertRoom(vlm, (past?.get_seq_length() ?? 0) + spliced.length, maxNewTokens);
    const cache = await prefillHead(vlm, rows, clock, past);
    const bytes = cacheBytes(cache);
    const length = cache.get_seq_length() + 1;
    const lastToken = spliced[spliced.length - 1];
    const tokenIds = await generateAnswer(vlm, { cache, lastToken, maxNewTokens, generation, signal, emit, clock });
    const answer = decodeAnswer(vlm, tokenIds);
    const result: TurnResult = {
      answer,
      tokenIds,
      promptIds: spliced,
      method: chosen.method,
      model: vlm.name,
      tables: [table],
      ...summary([context], Array(length).fill(0), bytes, clock, start, tokenIds),
      turn: (state?.turn ?? 0) + 1,
      recovered,
      context,
    };
    state = {
      messages: [
        ...(state?.messages ?? []),
        userMessage(question, state === undefined),
        { role: "assistant", content: [{ type: "text", text: answer }] },
      ],
      cache,
      lastToken: tokenIds[tokenIds.length - 1] ?? lastToken,
      sight,
      context,
      turn: result.turn,
    };
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

function userMessage(question: string, picture: boolean): Message {
  const text = { type: "text" as const, text: question };
  return { role: "user", content: picture ? [{ type: "image" }, text] : [text] };
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
  const whole = renderChat(vlm, [...messages, userMessage(question, picture)], true);
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
