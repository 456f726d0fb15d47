/** @file One question, answered: from pictures to plans to prompt rows to the host's generation. */
import {
  applyPlan,
  type CompressionPlan,
  InvalidInputError,
  ROLES,
  type Role,
  rowCount,
  splicePlaceholders,
  type TokenTable,
  type VisualTokens,
} from "../../core/index.js";
import type { Matrix } from "../../math/index.js";
import { budgetOfPicture, type Compression, chooseMethod } from "../compression.js";
import { promptEmbeddings } from "../prompt-embeddings.js";
import { type StageClock, type StageTimes, stageClock } from "../stages.js";
import { answerPrompt } from "./generate.js";
import { assertGeneration } from "./generation-settings.js";
import type { Sight } from "./image-encoder.js";
import {
  assertQuestion,
  type EncodedImage,
  hostImage,
  type ImageInput,
  isPicture,
  isSeen,
  type LoadedVlm,
  type Message,
  promptTextIds,
  tableOf,
} from "./loaded-model.js";
import { embedTokens } from "./prefill.js";

export interface AnswerOptions {
  readonly question: string;
  /** What methods that read the text go by, where that is not all of the question: without instructions and lettered options. */
  readonly relevanceText?: string;
  /** The method and its options. Default: the model's, with its own number of rows. */
  readonly compression?: Compression;
  /** Default: 64. */
  readonly maxNewTokens?: number;
  /** More options of the host's `generate`, such as `do_sample`, `temperature` and `repetition_penalty`. Default: greedy. */
  readonly generation?: Readonly<Record<string, unknown>>;
  /** Stops within one token. */
  readonly signal?: AbortSignal;
}

export interface AskOptions extends AnswerOptions {
  readonly image?: ImageInput;
  /** Several pictures, or none. */
  readonly images?: readonly ImageInput[];
  /**
   * The whole prompt instead of what the model's chat template makes of the question, with the model's placeholder (`imageText`) once
   * per picture: for benchmarks whose wording is fixed.
   */
  readonly prompt?: string;
  /** Whether a budget of K rows is meant for each picture or for all together. Default: `each`. */
  readonly imageBudget?: "each" | "shared";
}

export interface EncodeImageOptions {
  /** Whether a method will read the picture's signals (default), or none does: `none`, `random`, `uniform`, `pool`. */
  readonly signals?: boolean;
  readonly signal?: AbortSignal;
}

export interface AskResult {
  readonly answer: string;
  readonly tokenIds: readonly number[];
  /** Ids that were fed for this answer, a placeholder where a visual row stands; of a later turn what came on top of the cache. */
  readonly promptIds: readonly number[];
  readonly method: string;
  readonly model: string;
  /** One per picture. */
  readonly plans: readonly CompressionPlan[];
  /** The signals that each plan was decided by. */
  readonly tables: readonly TokenTable[];
  /** Visual tokens before and after, and the whole prompt after. */
  readonly tokens: { readonly source: number; readonly kept: number; readonly prompt: number };
  readonly roles: Readonly<Record<Role, number>>;
  /** By stage; `firstToken`: from the start to the first token; `decodePerToken`: of each after it. */
  readonly timings: StageTimes & {
    readonly firstToken: number;
    readonly decodePerToken: number;
    readonly total: number;
  };
  /** Keys and values of the prompt: as they are, and as they would be with all visual tokens. */
  readonly kvBytes: { readonly full: number; readonly kept: number };
}

/** Default of `maxNewTokens`: a sentence or two. */
export const MAX_NEW_TOKENS = 64;

/** Checks the options; the function that comes back does the work. */
export function ask(vlm: LoadedVlm, options: AskOptions): (emit: (piece: string) => void) => Promise<AskResult> {
  const { question, relevanceText = question, compression = {}, image, images, imageBudget = "each", signal } = options;
  assertQuestion(question);
  assertQuestion(relevanceText);
  if (image !== undefined && images !== undefined) throw refusal("image or images", "both");
  const sources = images ?? (image === undefined ? [] : [image]);
  const maxNewTokens = checkedMaximum(options.maxNewTokens);
  assertGeneration(vlm, options.generation);
  if (imageBudget !== "each" && imageBudget !== "shared")
    throw refusal("imageBudget each or shared", String(imageBudget));
  const chosen = sources.map((_, i) =>
    chooseMethod(
      vlm.manifest,
      imageBudget === "shared" ? budgetOfPicture(compression, i, sources.length) : compression,
    ),
  );
  const { method, readsSignals } = chooseMethod(vlm.manifest, compression);
  const messages = [userMessage(question, sources.length)];
  const prompted = () => options.prompt ?? renderChat(vlm, messages, true);
  return async (emit) => {
    const start = performance.now();
    const clock = stageClock();
    // Before any work on pictures: what is left without them must fit.
    assertRoom(vlm, placeholders(vlm, prompted(), sources.length).length, maxNewTokens);
    const sights: Sight[] = [];
    for (const source of sources) sights.push(await look(vlm, source, readsSignals, clock, signal));
    const tables: TokenTable[] = [];
    for (const sight of sights) tables.push(await tableOf(vlm, sight, relevanceText, clock));
    const plans = await clock.time("select", () => tables.map((table, i) => chosen[i].plan(table)));
    signal?.throwIfAborted();
    const visual: VisualTokens<Float32Array>[] = [];
    for (const [i, plan] of plans.entries()) {
      visual.push(await clock.time("project", () => vlm.encoder.project(applyPlan(plan, sights[i].features))));
    }
    const { rows, ids } = await clock.time("splice", () =>
      splice(vlm, promptIds(vlm, prompted(), sights), plans, visual),
    );
    assertRoom(vlm, ids.length, maxNewTokens);
    const { generation } = options;
    const prompt = { rows, ids, maxNewTokens, generation, signal, emit, clock };
    const { tokenIds, cache, bytesPerToken } = await answerPrompt(vlm, prompt);
    await cache.dispose();
    const answer = decodeAnswer(vlm, tokenIds);
    const counts = summary(plans, { prompt: ids.length, bytesPerToken, clock, start, tokenIds });
    return { answer, tokenIds, promptIds: ids, method, model: vlm.name, tables, ...counts };
  };
}

/** A picture's vision pass, for later. @param signals whether a method will read any; default: yes. */
export async function encodeImage(
  vlm: LoadedVlm,
  source: ImageInput,
  { signals = true, signal }: EncodeImageOptions = {},
): Promise<EncodedImage> {
  const clock = stageClock();
  return { sight: await look(vlm, source, signals, clock, signal), encoder: vlm.encoder, timings: clock.timings };
}

/** The picture through the tower, unless that is done. @param signals whether they are asked for. */
export async function look(
  vlm: LoadedVlm,
  source: ImageInput,
  signals: boolean,
  clock: StageClock,
  signal?: AbortSignal,
): Promise<Sight> {
  if (isSeen(source)) {
    if (source.encoder !== vlm.encoder) throw refusal("a picture seen by this model", "one seen by another");
    // As if it had been looked at for this method alone.
    return signals ? source.sight : { ...source.sight, signals: undefined };
  }
  const picture = await clock.time("decodeImage", () => (isPicture(source) ? source : vlm.decode(source)));
  signal?.throwIfAborted();
  const sight = await vlm.encoder.see(hostImage(vlm.host, picture), signals, clock);
  signal?.throwIfAborted();
  return sight;
}

/** A question, after as many pictures. */
export function userMessage(question: string, pictures: number): Message {
  const images = Array.from({ length: pictures }, () => ({ type: "image" as const }));
  return { role: "user", content: [...images, { type: "text", text: question }] };
}

/** Ids of a rendered prompt with one placeholder per picture. @throws InvalidInputError where a question holds one as well. */
function placeholders(vlm: LoadedVlm, prompt: string, pictures: number): number[] {
  const ids = promptTextIds(vlm.processor.tokenizer, prompt);
  assertPlaceholders(vlm, ids, pictures);
  return ids;
}

/** Ids of a rendered prompt with a placeholder per source token of its pictures, and what families write around their tiles. */
export function promptIds(vlm: LoadedVlm, prompt: string, sights: readonly Sight[]): number[] {
  if (sights.every(({ text }) => text === undefined)) {
    return expand(
      vlm,
      placeholders(vlm, prompt, sights.length),
      sights.map(({ features }) => features.count),
    );
  }
  const [before, ...after] = prompt.split(vlm.imageText);
  if (after.length !== sights.length) throw refusal(`${sights.length} placeholders of pictures`, String(after.length));
  const whole = after.map((text, i) => (sights[i].text ?? "") + text).join("");
  return promptTextIds(vlm.processor.tokenizer, before + whole);
}

/** Each placeholder as many times as the count at its place. */
export function expand({ imageToken }: LoadedVlm, ids: readonly number[], counts: readonly number[]): number[] {
  let picture = 0;
  return ids.flatMap((id) => (id === imageToken ? Array(counts[picture++]).fill(id) : [id]));
}

export function renderChat({ processor }: LoadedVlm, messages: readonly Message[], prompt: boolean): string {
  return processor.apply_chat_template(messages, { add_generation_prompt: prompt });
}

/** A question that holds the placeholder's text would put a picture where none is. */
export function assertPlaceholders({ imageToken }: LoadedVlm, ids: readonly number[], pictures: number): void {
  const found = ids.filter((id) => id === imageToken).length;
  if (found !== pictures) throw refusal(`${pictures} placeholders of pictures in the prompt`, String(found));
}

/** @throws InvalidInputError unless prompt and answer fit the language model's positions. */
export function assertRoom({ manifest }: LoadedVlm, prompt: number, maxNewTokens: number): void {
  if (prompt + maxNewTokens <= manifest.maxPositions) return;
  throw refusal(
    `at most ${manifest.maxPositions} tokens of prompt and answer`,
    `${prompt} and maxNewTokens ${maxNewTokens}`,
  );
}

/**
 * The prompt with placeholders for the rows that stay, and its embeddings.
 *
 * @param ids with a placeholder per source token.
 */
export async function splice(
  vlm: LoadedVlm,
  ids: readonly number[],
  plans: readonly CompressionPlan[],
  visual: readonly VisualTokens<Float32Array>[],
): Promise<{ rows: Matrix; ids: readonly number[] }> {
  const { inputIds } = splicePlaceholders(ids, vlm.imageToken, plans);
  const words = await embedTokens(vlm.host, vlm.model, inputIds);
  return { rows: promptEmbeddings(inputIds, vlm.imageToken, words, visual), ids: inputIds };
}

export function decodeAnswer({ processor }: LoadedVlm, ids: readonly number[]): string {
  return processor.tokenizer.decode(ids, { skip_special_tokens: true }).trim();
}

export function checkedMaximum(value = MAX_NEW_TOKENS): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw refusal("maxNewTokens as a whole number from 1", String(value));
}

/** What counts, times and bytes are made of. */
interface Measured {
  /** Tokens in the context before the answer. */
  readonly prompt: number;
  readonly bytesPerToken: number;
  readonly clock: StageClock;
  readonly start: number;
  readonly tokenIds: readonly number[];
}

/** Counts, times and bytes of an answer. */
export function summary(
  plans: readonly CompressionPlan[],
  { prompt, bytesPerToken, clock: { timings }, start, tokenIds }: Measured,
): Pick<AskResult, "plans" | "tokens" | "roles" | "timings" | "kvBytes"> {
  const source = plans.reduce((sum, { sourceCount }) => sum + sourceCount, 0);
  const kept = plans.reduce((sum, plan) => sum + rowCount(plan), 0);
  const roles = Object.fromEntries(ROLES.map((role) => [role, 0])) as Record<Role, number>;
  for (const plan of plans) for (const role of plan.roles) roles[ROLES[role]]++;
  const total = performance.now() - start;
  return {
    plans,
    tokens: { source, kept, prompt },
    roles,
    timings: {
      ...timings,
      firstToken: total - timings.decode,
      decodePerToken: tokenIds.length > 1 ? timings.decode / (tokenIds.length - 1) : 0,
      total,
    },
    kvBytes: { full: bytesPerToken * (prompt - kept + source), kept: bytesPerToken * prompt },
  };
}

function refusal(expected: string, got: string): InvalidInputError {
  return new InvalidInputError({ operation: "ask", expected, got });
}
