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
import { promptRows } from "../prompt-rows.js";
import { type Stage, type StageClock, stageClock } from "../stages.js";
import { generateAnswer } from "./generate.js";
import type { HostCache } from "./host.js";
import { cacheBytes, embedWords, prefill } from "./prefill.js";
import type { Sight } from "./vision-parts.js";
import {
  assertQuestion,
  hostImage,
  isPicture,
  type LoadedVlm,
  type Message,
  type PictureSource,
  tableOf,
  textIds,
} from "./vlm.js";

export interface AnswerOptions {
  readonly question: string;
  /** The method and its options. Default: the model's, with its own number of rows. */
  readonly compression?: Compression;
  /** Default: 64. */
  readonly maxNewTokens?: number;
  /** More options of the host's `generate`, such as `do_sample` and `temperature`. */
  readonly generation?: Readonly<Record<string, unknown>>;
  /** Stops within one token. */
  readonly signal?: AbortSignal;
}

export interface AskOptions extends AnswerOptions {
  readonly image?: PictureSource;
  /** Several pictures, or none. */
  readonly images?: readonly PictureSource[];
  /** Whether a budget of K rows is meant for each picture or for all together. Default: `each`. */
  readonly imageBudget?: "each" | "shared";
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
  readonly ms: Readonly<Record<Stage, number>> & {
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
  const { question, compression = {}, image, images, imageBudget = "each", signal } = options;
  assertQuestion(question);
  if (image !== undefined && images !== undefined) throw refusal("image or images", "both");
  const sources = images ?? (image === undefined ? [] : [image]);
  const maxNewTokens = checkedMaximum(options.maxNewTokens);
  if (imageBudget !== "each" && imageBudget !== "shared")
    throw refusal("imageBudget each or shared", String(imageBudget));
  const chosen = sources.map((_, i) =>
    chooseMethod(
      vlm.manifest,
      imageBudget === "shared" ? budgetOfPicture(compression, i, sources.length) : compression,
    ),
  );
  const method = chooseMethod(vlm.manifest, compression).method;
  return async (emit) => {
    const start = performance.now();
    const clock = stageClock();
    const ids = promptIds(vlm, question, sources.length);
    // Before any work on pictures: what is left without them must fit.
    assertRoom(vlm, ids.length, maxNewTokens);
    const sights: Sight[] = [];
    for (const source of sources) sights.push(await look(vlm, source, clock, signal));
    const vectors = sources.length === 0 ? [] : await clock.time("text", () => vlm.guide.vectors(question));
    const tables = await clock.time("signals", () => sights.map((sight) => tableOf(vlm, sight, vectors)));
    const plans = await clock.time("select", () => tables.map((table, i) => chosen[i].plan(table)));
    signal?.throwIfAborted();
    const visual: VisualTokens<Float32Array>[] = [];
    for (const [i, plan] of plans.entries()) {
      visual.push(await clock.time("project", () => vlm.vision.project(applyPlan(plan, sights[i].features))));
    }
    const { rows, spliced } = await clock.time("splice", () => splice(vlm, ids, plans, visual));
    assertRoom(vlm, spliced.length, maxNewTokens);
    const lastToken = spliced[spliced.length - 1];
    const cache = await prefillHead(vlm, rows, clock);
    try {
      const prompt = cacheBytes(cache);
      const tokenIds = await generateAnswer(vlm, {
        cache,
        lastToken,
        maxNewTokens,
        generation: options.generation,
        signal,
        emit,
        clock,
      });
      const answer = decodeAnswer(vlm, tokenIds);
      return {
        answer,
        tokenIds,
        promptIds: spliced,
        method,
        model: vlm.name,
        tables,
        ...summary(plans, spliced, prompt, clock, start, tokenIds),
      };
    } finally {
      await cache.dispose();
    }
  };
}

/** The picture through the tower. */
export async function look(
  vlm: LoadedVlm,
  source: PictureSource,
  clock: StageClock,
  signal?: AbortSignal,
): Promise<Sight> {
  const picture = await clock.time("decodeImage", () => (isPicture(source) ? source : vlm.decode(source)));
  signal?.throwIfAborted();
  const { pixel_values } = await clock.time("preprocess", () =>
    vlm.processor.image_processor(hostImage(vlm.host, picture)),
  );
  signal?.throwIfAborted();
  const sight = await clock.time("vision", () => vlm.vision.see(pixel_values));
  const { visualTokens } = vlm.manifest;
  if (sight.features.count !== visualTokens) {
    throw refusal(`${visualTokens} visual tokens, as config.json has it`, `${sight.features.count} from the tower`);
  }
  return sight;
}

/** Ids of the prompt with one placeholder per picture, by the model's own chat template. */
export function promptIds(vlm: LoadedVlm, question: string, pictures: number): number[] {
  const content = [
    ...Array.from({ length: pictures }, () => ({ type: "image" as const })),
    { type: "text" as const, text: question },
  ];
  const messages: Message[] = [{ role: "user", content }];
  const ids = textIds(vlm.processor.tokenizer, renderChat(vlm, messages, true), true);
  assertPlaceholders(vlm, ids, pictures);
  return ids;
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

/** The prompt with placeholders for the rows that stay, and its embeddings. */
export async function splice(
  vlm: LoadedVlm,
  ids: readonly number[],
  plans: readonly CompressionPlan[],
  visual: readonly VisualTokens<Float32Array>[],
): Promise<{ rows: Matrix; spliced: readonly number[] }> {
  let picture = 0;
  const whole = ids.flatMap((id) => (id === vlm.imageToken ? Array(plans[picture++].sourceCount).fill(id) : [id]));
  const { inputIds } = splicePlaceholders(whole, vlm.imageToken, plans);
  const words = await embedWords(vlm.host, vlm.model, inputIds);
  return { rows: promptRows(inputIds, vlm.imageToken, words, visual), spliced: inputIds };
}

/** All but the last row into a cache: the host's generation takes that token itself. */
export async function prefillHead(
  vlm: LoadedVlm,
  { data, count, dim }: Matrix,
  clock: StageClock,
  past?: HostCache,
): Promise<HostCache> {
  const head = { data: data.subarray(0, (count - 1) * dim), count: count - 1, dim };
  if (head.count === 0) return past ?? new vlm.host.DynamicCache();
  return (await clock.time("prefill", () => prefill(vlm.host, vlm.model, head, past))).cache;
}

export function decodeAnswer({ processor }: LoadedVlm, ids: readonly number[]): string {
  return processor.tokenizer.decode(ids, { skip_special_tokens: true }).trim();
}

export function checkedMaximum(value = MAX_NEW_TOKENS): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw refusal("maxNewTokens as a whole number from 1", String(value));
}

/** Counts, times and bytes of an answer. */
export function summary(
  plans: readonly CompressionPlan[],
  spliced: readonly number[],
  promptBytes: number,
  { ms }: StageClock,
  start: number,
  tokenIds: readonly number[],
): Pick<AskResult, "plans" | "tokens" | "roles" | "ms" | "kvBytes"> {
  const source = plans.reduce((sum, { sourceCount }) => sum + sourceCount, 0);
  const kept = plans.reduce((sum, plan) => sum + rowCount(plan), 0);
  const prompt = spliced.length;
  const roles = Object.fromEntries(ROLES.map((role) => [role, 0])) as Record<Role, number>;
  for (const plan of plans) for (const role of plan.roles) roles[ROLES[role]]++;
  const total = performance.now() - start;
  // Each cached token takes the same: bytes of the prompt but its last token, over their number.
  const perToken = prompt > 1 ? promptBytes / (prompt - 1) : 0;
  return {
    plans,
    tokens: { source, kept, prompt },
    roles,
    ms: {
      ...ms,
      firstToken: total - ms.decode,
      decodePerToken: tokenIds.length > 1 ? ms.decode / (tokenIds.length - 1) : 0,
      total,
    },
    kvBytes: { full: Math.round(perToken * (prompt - kept + source)), kept: Math.round(perToken * prompt) },
  };
}

function refusal(expected: string, got: string): InvalidInputError {
  return new InvalidInputError({ operation: "ask", expected, got });
}
