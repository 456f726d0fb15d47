/**
 * @file One question, answered: images are encoded, tables give plans, plans are applied, rows projected and spliced into the prompt,
 * and the decoder answers. A turn of a conversation is the same, on top of what the decoder has been fed already.
 */
import {
  applyPlan,
  type CompressionPlan,
  orderRows,
  ownRow,
  ROLES,
  type Role,
  recover,
  refusalFor,
  roleCounts,
  rowCount,
  type TokenTable,
  type Told,
  type VisualTokens,
} from "../core/index.js";
import { chooseMethod, lackingIds, shareOfImage } from "./compression.js";
import { type EncodedImage, isEncoded } from "./encoded-image.js";
import type { AskResult, TurnResult } from "./engine.js";
import { isUnread, type ReadImage, type TakenImage } from "./image-input.js";
import { type TemplateMessage, withParts } from "./messages.js";
import type { DecoderPrompt, ModelParts, Sequence } from "./model-parts.js";
import { expandedIds, type ImageRows, nextIds, type SplicedRows, spliceRows } from "./prompt.js";
import type { TurnRequest } from "./request.js";
import { biasesOf, placedRows, type RowsInSequence } from "./row-biases.js";
import { StageClock } from "./stages.js";

/** A conversation after a turn. */
export interface TurnState {
  readonly messages: readonly TemplateMessage[];
  readonly images: readonly HeldImage[];
  readonly turn: number;
  /** Undefined before the first. */
  readonly tail?: Tail;
}

/** The end of what the decoder has been fed. */
interface Tail {
  readonly sequence: Sequence;
  /** The last token of the last answer, which the sequence lacks, and its position. */
  readonly lastToken: number;
  readonly nextPosition: number;
}

/** An image of a conversation, with its rows in the context. */
interface HeldImage extends Required<ImageRows>, RowsInSequence {
  /** The plan as the method made it, and as recovery changed it: its mass is weighed anew at each turn. */
  readonly unweighed: CompressionPlan;
}

/** The state before the first turn. */
export const NEW_CONVERSATION: TurnState = { messages: [], images: [], turn: 0 };

/** A question whose images are read. */
export interface ReadRequest extends Omit<TurnRequest, "images"> {
  readonly images: readonly ReadImage[];
  /** Milliseconds that reading them took. */
  readonly reading: number;
}

/**
 * The request with its images read, all at once. Needs no turn at the model.
 *
 * @throws InvalidInputError for a prompt that does not fit, before any image is read; what an environment throws for an image.
 */
export async function readRequest(model: ModelParts, request: TurnRequest, { turn } = NEW_CONVERSATION) {
  if (turn === 0) assertTextFits(model, request);
  const start = performance.now();
  const images = await Promise.all(request.images.map((image) => readImage(model, image, request.signal)));
  const needed = request.images.some(isUnread);
  return { ...request, images, reading: needed ? performance.now() - start : 0 } satisfies ReadRequest;
}

/** An image by its pixels, or encoded. @throws what the environment throws for an image that cannot be read. */
export async function readImage(
  { decodeImage, encoder }: Pick<ModelParts, "decodeImage" | "encoder">,
  { content }: TakenImage,
  signal?: AbortSignal,
): Promise<ReadImage> {
  if ("source" in content) return decodeImage(content.source, signal);
  if (isEncoded(content)) encoder.assertOwn(content);
  return content;
}

/** Answers a question on top of a conversation, and gives the conversation as it is then; the one that was given stays as it is. */
export async function answerTurn(
  model: ModelParts,
  request: ReadRequest,
  emit: (piece: string) => void,
  state = NEW_CONVERSATION,
): Promise<{ result: TurnResult; state: TurnState }> {
  const { signal, maxNewTokens, generation, recovery } = request;
  const start = performance.now() - request.reading;
  const clock = new StageClock();
  clock.add("decodeImage", request.reading);
  const decided = await decide(model, request, state, clock);
  signal?.throwIfAborted();
  const tail = recovery !== "reprefill" && state.tail?.sequence.isWhole ? state.tail : undefined;
  const { images, length, ...prompt } = await promptRows(model, request, { ...decided, state, tail, clock });
  const sequence = tail?.sequence.fork() ?? model.decoder.begin();
  const answering = sequence.answer({ ...prompt, maxNewTokens, generation, signal, emit, clock });
  const tokenIds = await answering.catch(async (error) => {
    if (tail === undefined) await sequence.dispose();
    throw error;
  });
  if (tail === undefined) await state.tail?.sequence.dispose();
  const answer = model.prompts.decode(tokenIds);
  const turn = state.turn + 1;
  const { method, plans, tables, recovered } = decided;
  const told = toldOf(request, decided);
  const measured = summary(plans, sequence, { prompt: length, answered: tokenIds.length, clock, start });
  const fed = { promptIds: prompt.ids, positionIds: prompt.positions };
  const answered: TemplateMessage = { role: "assistant", content: [{ type: "text", text: answer }] };
  const messages = [...state.messages, ...request.messages, answered];
  const lastToken = tokenIds[tokenIds.length - 1];
  const nextPosition = prompt.nextPosition + tokenIds.length - 1;
  return {
    result: { answer, tokenIds, ...fed, method, model: model.name, plans, tables, ...measured, told, turn, recovered },
    state: { messages, images, turn, tail: { sequence, lastToken, nextPosition } },
  };
}

/** An image through the tower, unless it has been. @param signals whether a method will read any. */
export async function encodeImage(
  { encoder }: Pick<ModelParts, "encoder">,
  image: ReadImage,
  signals: boolean,
  clock: StageClock,
  signal?: AbortSignal,
): Promise<EncodedImage> {
  if (isEncoded(image)) return image;
  const encoded = await encoder.encode(image, signals, clock);
  signal?.throwIfAborted();
  return encoded;
}

/** The images of a conversation for a question, those of earlier turns first. */
interface Decided {
  readonly method: string;
  readonly encoded: readonly EncodedImage[];
  readonly tables: readonly TokenTable[];
  /** The rows of each in the context, with their mass where it is told, and as the method gave them. */
  readonly plans: readonly CompressionPlan[];
  readonly unweighed: readonly CompressionPlan[];
  /** Source ids of each that come back. */
  readonly recovered: readonly (readonly number[])[];
}

/** Encodes what is new, and decides by the question. */
async function decide(
  model: ModelParts,
  { images, compression, imageBudget, relevanceText, recovery, mass, signal }: ReadRequest,
  state: TurnState,
  clock: StageClock,
): Promise<Decided> {
  const { method, readsSignals, weigh } = chooseMethod(model.manifest, compression);
  const count = state.images.length + images.length;
  const chosen = Array.from({ length: count }, (_, i) =>
    chooseMethod(model.manifest, imageBudget === "shared" ? shareOfImage(compression, i, count) : compression),
  );
  const encoded = state.images.map(({ image }) => image);
  for (const image of images) encoded.push(await encodeImage(model, image, readsSignals, clock, signal));
  const tables: TokenTable[] = [];
  for (const image of encoded) tables.push(await image.table(readsSignals ? relevanceText : undefined, clock));
  const wanted = await clock.time("select", () => tables.map((table, i) => chosen[i].plan(table)));
  const held = state.images.map(({ unweighed }) => unweighed);
  const recovered = wanted.map((plan, i) => (held[i] && recovery !== "none" ? lackingIds(held[i], plan) : []));
  const unweighed = wanted.map((plan, i) => (held[i] ? recover(held[i], recovered[i]) : plan));
  const plans =
    mass === 0
      ? unweighed
      : await clock.time("select", () => unweighed.map((plan, i) => weigh(plan, encoded[i].features)));
  return { method, encoded, tables, plans, unweighed, recovered };
}

/** What the decoder was told about the rows of these plans. Of all tokens nothing is lacking; some methods give their rows no mass. */
function toldOf({ positions, mass, untold }: ReadRequest, { method, plans }: Decided): Told {
  const isWhole = plans.every((plan) => rowCount(plan) === plan.sourceCount);
  if (isWhole) return { positions, mass, untold: {} };
  if (mass === 0 || plans.some((plan) => plan.mass !== undefined)) return { positions, mass, untold };
  return { positions, mass: 0, untold: { ...untold, mass: `the method ${method} gives its rows none` } };
}

/**
 * The rows that the decoder is fed, the length of the context with them, and the images of the conversation then. Without a tail the
 * conversation is computed anew.
 */
async function promptRows(
  model: ModelParts,
  request: ReadRequest,
  decided: Decided & { state: TurnState; tail?: Tail; clock: StageClock },
): Promise<SplicedRows & Pick<DecoderPrompt, "biases"> & { length: number; images: readonly HeldImage[] }> {
  const { encoded, plans, unweighed, recovered, state, tail, clock } = decided;
  const { prompts, manifest } = model;
  const held = tail === undefined ? [] : state.images;
  const returning = held.flatMap((one, i) => {
    const rows = recovered[i].map((id) => ownRow("text", id));
    return rows.length === 0 ? [] : [{ ...one, plan: orderRows(rows, one.plan.sourceCount, "append") }];
  });
  const all = encoded.map((image, i): ImageRows => ({ image, plan: plans[i] }));
  const fed = [...returning, ...all.slice(held.length)];
  const visual: VisualTokens<Float32Array>[] = [];
  for (const { image, plan } of fed) {
    visual.push(await clock.time("project", () => image.project(applyPlan(plan, image.features))));
  }
  const spliced = await clock.time("splice", () => {
    const { prompt, messages } = request;
    const images = fed.map(placed);
    // Rows that come back stand where the template places an image.
    const placeholders = returning.map(() => ({ type: "image" }) as const);
    const ids =
      tail === undefined
        ? expandedIds(prompts, prompt ?? prompts.render([...state.messages, ...messages], true), images)
        : nextIds(prompts, state.messages, withParts(messages, placeholders), tail.lastToken, images);
    const from = tail?.nextPosition ?? manifest.firstPosition;
    return spliceRows(model, ids, fed, visual, { from, numbering: request.positions });
  });
  const length = (tail?.sequence.length ?? 0) + spliced.ids.length;
  assertRoom(model, Math.max(length, spliced.nextPosition - manifest.firstPosition), request.maxNewTokens);
  const places = [...held.map((one) => one.places), ...spliced.places.slice(returning.length)];
  const before = tail?.sequence.length ?? 0;
  const fresh = placedRows(
    spliced.ids,
    prompts.imageToken,
    before,
    fed.map(({ plan }) => plan),
  );
  const returned = held.map((_, i) => (recovered[i].length > 0 ? (fresh.shift() as Map<string, number>) : []));
  const at = [...held.map((one, i) => new Map([...one.at, ...returned[i]])), ...fresh];
  const images = all.map((one, i) => ({ ...one, places: places[i], unweighed: unweighed[i], at: at[i] }));
  return { ...spliced, biases: biasesOf(images, request.mass, length), length, images };
}

/** An image at its placeholder. Rows that come back of an earlier one have no markup. */
function placed({ image: { features, markup }, places }: ImageRows) {
  return { count: features.count, markup: places === undefined ? markup : undefined };
}

/** Refuses a prompt before any work on its images: its text must have one placeholder each, and must fit. */
function assertTextFits(model: ModelParts, request: TurnRequest): void {
  const { prompts } = model;
  const single = request.images.map(() => ({ count: 1 }));
  const text = request.prompt ?? prompts.render(request.messages, true);
  assertRoom(model, expandedIds(prompts, text, single).length, request.maxNewTokens);
}

/** @throws InvalidInputError unless prompt and answer fit the language model's positions. */
function assertRoom({ manifest: { maxPositions } }: ModelParts, prompt: number, maxNewTokens: number): void {
  if (prompt + maxNewTokens <= maxPositions) return;
  const got = `${prompt} and maxNewTokens ${maxNewTokens}`;
  throw refusalFor("ask")(`at most ${maxPositions} tokens of prompt and answer`, got);
}

/** Counts, times and bytes of an answer. `prompt`, `answered`: tokens in the context before it, and its own. */
function summary(
  plans: readonly CompressionPlan[],
  { bytesPerToken }: Sequence,
  { prompt, answered, clock, start }: { prompt: number; answered: number; clock: StageClock; start: number },
): Pick<AskResult, "tokens" | "roles" | "timings" | "kvBytes"> {
  const sum = (of: (plan: CompressionPlan) => number) => plans.reduce((total, plan) => total + of(plan), 0);
  const source = sum(({ sourceCount }) => sourceCount);
  const kept = sum(rowCount);
  const ofRole = (role: Role) => [role, sum((plan) => roleCounts(plan)[role])] as const;
  const { timings } = clock;
  const total = performance.now() - start;
  return {
    tokens: { source, kept, prompt },
    roles: Object.fromEntries(ROLES.map(ofRole)) as Record<Role, number>,
    timings: {
      ...timings,
      firstToken: total - timings.decode,
      decodePerToken: answered > 1 ? timings.decode / (answered - 1) : 0,
      total,
    },
    kvBytes: { full: bytesPerToken * (prompt - kept + source), kept: bytesPerToken * prompt },
  };
}
