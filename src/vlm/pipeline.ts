/**
 * @file One question, answered: images are encoded, tables give plans, plans are applied, rows projected and spliced into the prompt,
 * and the decoder answers. A turn of a conversation is the same, on top of what the decoder has been fed already.
 */
import {
  applyPlan,
  type CompressionPlan,
  type Positions,
  type RgbImage,
  ROLES,
  type Role,
  recover,
  refusalFor,
  roleCounts,
  rowCount,
  type TokenTable,
  type VisualTokens,
} from "../core/index.js";
import { type Chosen, type Compression, chooseMethod, lackingIds, recoveredRows, shareOfImage } from "./compression.js";
import type { Decoder, Generation, Sequence } from "./decoder.js";
import {
  type EncodedImage,
  type ImageEncoder,
  type ImageInput,
  type ImageSource,
  isEncoded,
  isRgbImage,
} from "./encoded-image.js";
import type { AskResult, Recovery, TurnResult } from "./engine.js";
import type { ModelManifest } from "./manifest.js";
import type { Conversation, TemplateMessage } from "./messages.js";
import { answerMessage, continuationIds, expandImages, type PromptWriter, withImages } from "./prompt.js";
import { type ImageRows, spliceRows } from "./splice.js";
import { type StageClock, stageClock } from "./stages.js";

/** The parts of a model that answer together. */
export interface ModelParts {
  readonly name: string;
  readonly manifest: ModelManifest;
  readonly encoder: ImageEncoder;
  readonly prompts: PromptWriter;
  readonly decoder: Decoder;
  /** Reads an image file as the environment does. */
  readonly decodeImage: (source: ImageSource) => Promise<RgbImage>;
}

/** A question with its options, checked. */
export interface TurnRequest extends Conversation {
  readonly relevanceText: string;
  /** The whole prompt, instead of what the chat template makes of the messages. */
  readonly prompt?: string;
  readonly compression: Compression;
  readonly imageBudget: "each" | "shared";
  readonly positions: Positions;
  readonly recovery: Recovery;
  readonly maxNewTokens: number;
  readonly generation?: Generation;
  readonly signal?: AbortSignal;
}

/** A conversation after a turn. */
export interface TurnState {
  readonly messages: readonly TemplateMessage[];
  readonly images: readonly HeldImage[];
  readonly sequence: Sequence;
  /** The last token of the last answer, which the sequence lacks, and its position. */
  readonly lastToken: number;
  readonly nextPosition: number;
  readonly turn: number;
}

/** An image of a conversation, with its rows in the context. */
type HeldImage = Required<ImageRows>;

/** Answers a question on top of a conversation, and gives the conversation as it is then; the one that was given stays as it is. */
export async function answerTurn(
  model: ModelParts,
  request: TurnRequest,
  emit: (piece: string) => void,
  state?: TurnState,
): Promise<{ result: TurnResult; state: TurnState }> {
  const { signal, maxNewTokens, generation } = request;
  const start = performance.now();
  const clock = stageClock();
  const past = request.recovery !== "reprefill" && state?.sequence.isWhole ? state : undefined;
  const chosen = chooseMethods(model, request, state);
  if (state === undefined) assertTextFits(model, request);
  const entering: EncodedImage[] = [];
  for (const image of request.images) {
    entering.push(await encodeImage(model, image, chosen.readsSignals, clock, signal));
  }
  const images = [...(state?.images ?? []).map(({ image }) => image), ...entering];
  const { tables, contexts, recovered } = await decide(request, { images, chosen, state, clock });
  signal?.throwIfAborted();
  const held = images.map((image, i): ImageRows => ({ image, plan: contexts[i] }));
  const returning = (past?.images ?? []).flatMap((one, i) =>
    recovered[i].length === 0 ? [] : [{ ...one, plan: recoveredRows(recovered[i], one.plan.sourceCount) }],
  );
  const fed = [...returning, ...held.slice(past?.images.length ?? 0)];
  const visual: VisualTokens<Float32Array>[] = [];
  for (const { image, plan } of fed) {
    visual.push(await clock.time("project", () => image.project(applyPlan(plan, image.features))));
  }
  const prompt = await clock.time("splice", () => {
    const ids = past ? nextIds(model, request, past, returning, fed) : wholeIds(model, request, state, fed);
    const from = past?.nextPosition ?? model.manifest.firstPosition;
    return spliceRows(model, { ids, from, numbering: request.positions, fed, visual });
  });
  const length = (past?.sequence.length ?? 0) + prompt.ids.length;
  assertRoom(model, Math.max(length, prompt.nextPosition - model.manifest.firstPosition), maxNewTokens);
  const sequence = past?.sequence.fork() ?? model.decoder.begin();
  const answering = sequence.answer({ ...prompt, maxNewTokens, generation, signal, emit, clock });
  const tokenIds = await answering.catch(async (error) => {
    if (past === undefined) await sequence.dispose();
    throw error;
  });
  if (past === undefined) await state?.sequence.dispose();
  const answer = model.prompts.decode(tokenIds);
  const turn = (state?.turn ?? 0) + 1;
  const places = [...(past?.images ?? []).map((one) => one.places), ...prompt.places.slice(returning.length)];
  return {
    result: {
      answer,
      tokenIds,
      promptIds: prompt.ids,
      positionIds: prompt.positions,
      method: chosen.method,
      model: model.name,
      plans: contexts,
      tables,
      ...summary(contexts, { prompt: length, bytesPerToken: sequence.bytesPerToken, clock, start, tokenIds }),
      turn,
      recovered,
    },
    state: {
      messages: [...(state?.messages ?? []), ...request.messages, answerMessage(answer)],
      images: held.map((one, i) => ({ ...one, places: places[i] })),
      sequence,
      lastToken: tokenIds[tokenIds.length - 1],
      nextPosition: prompt.nextPosition + tokenIds.length - 1,
      turn,
    },
  };
}

/** An image through the tower, unless it has been. @param signals whether a method will read any. */
export async function encodeImage(
  { encoder, decodeImage }: Pick<ModelParts, "encoder" | "decodeImage">,
  image: ImageInput,
  signals: boolean,
  clock: StageClock,
  signal?: AbortSignal,
): Promise<EncodedImage> {
  if (isEncoded(image)) {
    encoder.assertOwn(image);
    return image;
  }
  const pixels = isRgbImage(image) ? image : await clock.time("decodeImage", () => decodeImage(image));
  signal?.throwIfAborted();
  const encoded = await encoder.encode(pixels, signals, clock);
  signal?.throwIfAborted();
  return encoded;
}

/** The method for each image of the conversation, with its share of the budget. */
interface ChosenMethods extends Pick<Chosen, "method" | "readsSignals"> {
  readonly forImage: readonly Chosen[];
}

function chooseMethods({ manifest }: ModelParts, request: TurnRequest, state?: TurnState): ChosenMethods {
  const { compression, imageBudget, images } = request;
  const count = (state?.images.length ?? 0) + images.length;
  const share = (image: number) => (imageBudget === "shared" ? shareOfImage(compression, image, count) : compression);
  const forImage = Array.from({ length: count }, (_, image) => chooseMethod(manifest, share(image)));
  return { ...chooseMethod(manifest, compression), forImage };
}

interface Deciding {
  /** All of the conversation, those of earlier turns first. */
  readonly images: readonly EncodedImage[];
  readonly chosen: ChosenMethods;
  readonly state?: TurnState;
  readonly clock: StageClock;
}

/** Tables and plans for the question: which rows the context holds of each image, and which of them come back. */
async function decide({ relevanceText, recovery }: TurnRequest, { images, chosen, state, clock }: Deciding) {
  const text = chosen.readsSignals ? relevanceText : undefined;
  const tables: TokenTable[] = [];
  for (const image of images) tables.push(await image.table(text, clock));
  const wanted = await clock.time("select", () => tables.map((table, i) => chosen.forImage[i].plan(table)));
  const before = (image: number) => state?.images[image]?.plan;
  const recovered = wanted.map((plan, i) => {
    const context = before(i);
    return context === undefined || recovery === "none" ? [] : lackingIds(context, plan);
  });
  const contexts = wanted.map((plan, i) => {
    const context = before(i);
    return context === undefined ? plan : recover(context, recovered[i]);
  });
  return { tables, contexts, recovered };
}

/** Ids of the whole conversation, with a placeholder per source token. */
function wholeIds(
  { prompts }: ModelParts,
  { prompt, messages }: TurnRequest,
  state: TurnState | undefined,
  fed: readonly ImageRows[],
): number[] {
  const text = prompt ?? prompts.render([...(state?.messages ?? []), ...messages], true);
  return expandImages(prompts, text, fed.map(placed), prompts.promptIds);
}

/** Ids on top of the conversation, likewise. */
function nextIds(
  { prompts }: ModelParts,
  { messages }: TurnRequest,
  { messages: before, lastToken }: TurnState,
  returning: readonly ImageRows[],
  fed: readonly ImageRows[],
): number[] {
  const next = withImages(messages, returning.length);
  return continuationIds(prompts, before, next, lastToken, fed.map(placed));
}

/** An image at its placeholder. Rows that come back of an earlier one have no markup. */
function placed({ image: { features, markup }, places }: ImageRows) {
  return { count: features.count, markup: places === undefined ? markup : undefined };
}

const refuse = refusalFor("ask");

/** Refuses a prompt before any work on its images: its text must have one placeholder each, and must fit. */
function assertTextFits(model: ModelParts, request: TurnRequest): void {
  const single = request.images.map(() => ({ count: 1 }));
  const { prompts } = model;
  const text = request.prompt ?? prompts.render(request.messages, true);
  assertRoom(model, expandImages(prompts, text, single, prompts.promptIds).length, request.maxNewTokens);
}

/** @throws InvalidInputError unless prompt and answer fit the language model's positions. */
function assertRoom({ manifest: { maxPositions } }: ModelParts, prompt: number, maxNewTokens: number): void {
  if (prompt + maxNewTokens <= maxPositions) return;
  throw refuse(`at most ${maxPositions} tokens of prompt and answer`, `${prompt} and maxNewTokens ${maxNewTokens}`);
}

interface Measured {
  /** Tokens in the context before the answer. */
  readonly prompt: number;
  readonly bytesPerToken: number;
  readonly clock: StageClock;
  readonly start: number;
  readonly tokenIds: readonly number[];
}

/** Counts, times and bytes of an answer. */
function summary(
  plans: readonly CompressionPlan[],
  { prompt, bytesPerToken, clock: { timings }, start, tokenIds }: Measured,
): Pick<AskResult, "tokens" | "roles" | "timings" | "kvBytes"> {
  const sum = (of: (plan: CompressionPlan) => number) => plans.reduce((total, plan) => total + of(plan), 0);
  const source = sum(({ sourceCount }) => sourceCount);
  const kept = sum(rowCount);
  const total = performance.now() - start;
  return {
    tokens: { source, kept, prompt },
    roles: Object.fromEntries(ROLES.map((role) => [role, sum((plan) => roleCounts(plan)[role])])) as Record<
      Role,
      number
    >,
    timings: {
      ...timings,
      firstToken: total - timings.decode,
      decodePerToken: tokenIds.length > 1 ? timings.decode / (tokenIds.length - 1) : 0,
      total,
    },
    kvBytes: { full: bytesPerToken * (prompt - kept + source), kept: bytesPerToken * prompt },
  };
}
