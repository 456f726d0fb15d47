/**
 * @file One question, answered: images are encoded, tables give plans, plans are applied, rows projected and spliced into the prompt,
 * and the decoder answers. A turn of a conversation is the same, on top of what the decoder has been fed already.
 */
import {
  type CompressionPlan,
  ROLES,
  type Role,
  recoverRows,
  roleCounts,
  rowCount,
  type TokenTable,
  type Told,
} from "../core/index.js";
import { chooseMethod, shareOfImage } from "./compression.js";
import { type EncodedImage, isEncoded } from "./encoded-image.js";
import type { AskResult, TurnResult } from "./engine.js";
import { isUnread, type ReadImage, type TakenImage } from "./image-input.js";
import type { TemplateMessage } from "./messages.js";
import type { ModelParts, Sequence } from "./model-parts.js";
import { expandedIds } from "./prompt.js";
import { assertRoom, type DecidedRows, fittingRows } from "./prompt-rows.js";
import type { CompressionSettings, ReadRequest, TurnRequest } from "./request.js";
import { StageClock } from "./stages.js";
import { NEW_CONVERSATION, type TurnState } from "./turn-state.js";

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
  const { signal, maxNewTokens, generation } = request;
  const start = performance.now() - request.reading;
  const clock = new StageClock();
  clock.add("decodeImage", request.reading);
  const decided = await decide(model, request, state, clock);
  signal?.throwIfAborted();
  const fitting = await fittingRows(model, request, { ...decided, state, clock });
  const { asked, tail, packed, images, length, ...prompt } = fitting;
  const sequence = tail?.sequence.fork() ?? model.decoder.begin();
  const heard: Float32Array[] = [];
  const hearFirst = request.firstLogits ? (logits: Float32Array) => heard.push(logits) : undefined;
  const answering = sequence.answer({ ...prompt, maxNewTokens, generation, signal, emit, hearFirst, clock });
  const tokenIds = await answering.catch(async (error) => {
    if (tail === undefined) await sequence.dispose();
    throw error;
  });
  if (tail === undefined) await state.tail?.sequence.dispose();
  const answer = model.prompts.decode(tokenIds);
  const turn = state.turn + 1;
  const { method, plans, tables, evidence, recovered } = decided;
  const told = toldOf(asked, decided);
  const measured = summary(plans, sequence, { prompt: length, answered: tokenIds.length, clock, start });
  const fed = { promptIds: prompt.ids, positionIds: prompt.positions };
  const answered: TemplateMessage = { role: "assistant", content: [{ type: "text", text: answer }] };
  const messages = [...state.messages, ...request.messages, answered];
  const lastToken = tokenIds[tokenIds.length - 1];
  const nextPosition = prompt.nextPosition + tokenIds.length - 1;
  return {
    result: {
      answer,
      tokenIds,
      ...(request.firstLogits && { firstLogits: heard[0] }),
      ...fed,
      method,
      model: model.name,
      plans,
      tables,
      ...measured,
      told,
      evidence,
      turn,
      recovered,
    },
    state: { messages, images, turn, packed, tail: { sequence, lastToken, nextPosition } },
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
interface Decided extends DecidedRows {
  readonly method: string;
  readonly tables: readonly TokenTable[];
  readonly evidence: AskResult["evidence"];
}

/** Encodes what is new, and decides by the question. */
async function decide(
  model: ModelParts,
  { images, compression, imageBudget, relevanceText, recovery, mass, signal }: ReadRequest,
  state: TurnState,
  clock: StageClock,
): Promise<Decided> {
  const { method, readsSignals, signed, evidence, weigh } = chooseMethod(model.manifest, compression);
  const count = state.images.length + images.length;
  const chosen = Array.from({ length: count }, (_, i) =>
    chooseMethod(model.manifest, imageBudget === "shared" ? shareOfImage(compression, i, count) : compression),
  );
  const encoded = state.images.map(({ image }) => image);
  for (const image of images) encoded.push(await encodeImage(model, image, readsSignals, clock, signal));
  const tables: TokenTable[] = [];
  for (const image of encoded) tables.push(signed(await image.table(readsSignals ? relevanceText : undefined, clock)));
  const held = state.images.map(({ unweighed }) => unweighed);
  const changed = await clock.time("select", () =>
    tables.map((table, i) => {
      if (held[i] === undefined) return { plan: chosen[i].plan(table), from: [], recovered: [] };
      const recovered = recovery === "none" ? [] : chosen[i].lacking(table, held[i]);
      return { ...recoverRows(held[i], recovered), recovered };
    }),
  );
  const unweighed = changed.map(({ plan }) => plan);
  const plans =
    mass === 0
      ? unweighed
      : await clock.time("select", () => unweighed.map((plan, i) => weigh(plan, encoded[i].features)));
  return {
    method,
    encoded,
    tables,
    plans,
    unweighed,
    evidence: tables.map(evidence),
    from: changed.map(({ from }) => from),
    recovered: changed.map(({ recovered }) => recovered),
  };
}

/**
 * What the decoder was told about the rows of these plans. Of all tokens nothing is lacking. That a method gives its rows no mass is said to
 * who asked for one.
 */
function toldOf({ positions, mass, untold, explicit }: CompressionSettings, { method, plans }: Decided): Told {
  const isWhole = plans.every((plan) => rowCount(plan) === plan.sourceCount);
  if (isWhole) return { positions, mass, untold: {} };
  if (mass === 0 || plans.some((plan) => plan.mass !== undefined)) return { positions, mass, untold };
  const reason = { mass: `the method ${method} gives its rows none` };
  return { positions, mass: 0, untold: { ...untold, ...(explicit.mass && reason) } };
}

/** Refuses a prompt before any work on its images: its text must have one placeholder each, and must fit. */
function assertTextFits(model: ModelParts, request: TurnRequest): void {
  const { prompts } = model;
  const single = request.images.map(() => ({ count: 1 }));
  const text = request.prompt ?? prompts.render(request.messages, true);
  assertRoom(model, expandedIds(prompts, text, single).length, request.maxNewTokens);
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
