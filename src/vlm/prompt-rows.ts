/** @file The rows that the decoder is fed for a question: spliced into the prompt, at their places, as loud as they are, where they fit. */
import {
  applyPlan,
  type CompressionPlan,
  orderRows,
  ownRow,
  type RecoveredRows,
  refusalFor,
  type VisualTokens,
} from "../core/index.js";
import type { EncodedImage } from "./encoded-image.js";
import { withParts } from "./messages.js";
import type { DecoderPrompt, ModelParts } from "./model-parts.js";
import { expandedIds, type ImageRows, nextIds, type SplicedRows, spliceRows } from "./prompt.js";
import type { ReadRequest } from "./request.js";
import { biasesOf, movedRows, placedRows } from "./row-biases.js";
import type { StageClock } from "./stages.js";
import type { HeldImage, Tail, TurnState } from "./turn-state.js";

/** The rows of a conversation's images for a question, those of earlier turns first. */
export interface DecidedRows {
  readonly encoded: readonly EncodedImage[];
  /** The rows of each in the context, with their mass where it is told, and as the method gave them. */
  readonly plans: readonly CompressionPlan[];
  readonly unweighed: readonly CompressionPlan[];
  /** For each row of an earlier turn's image the row that it was then; undefined for one that comes back. */
  readonly from: readonly RecoveredRows["from"][];
  /** Source ids of each that come back. */
  readonly recovered: readonly (readonly number[])[];
}

/** The request with positions counted without gaps. */
function asPacked(request: ReadRequest, reason: string): ReadRequest {
  return { ...request, positions: "compact", untold: { ...request.untold, positions: reason } };
}

/**
 * The rows that the decoder is fed, and the tail that they go on from. Original positions that nobody asked for, and that the model has
 * too few of, are left: the conversation is computed anew with positions without gaps.
 *
 * @throws InvalidInputError where they do not fit.
 */
export async function fittingRows(
  model: ModelParts,
  request: ReadRequest,
  given: DecidedRows & { state: TurnState; clock: StageClock },
): Promise<PromptRows & Pick<TurnState, "tail" | "packed"> & { readonly asked: ReadRequest }> {
  const { packed, tail: last } = given.state;
  const asked = packed === undefined ? request : asPacked(request, packed);
  const tail = request.recovery !== "reprefill" && last?.sequence.isWhole ? last : undefined;
  const rows = await promptRows(model, asked, { ...given, tail });
  const { firstPosition, maxPositions } = model.manifest;
  const places = rows.nextPosition - firstPosition + request.maxNewTokens;
  const isFree = !request.explicit.positions && asked.positions === "original";
  if (!isFree || places <= maxPositions) {
    assertRoom(model, rows.length, request.maxNewTokens, asked.positions === "original" ? places : undefined);
    return { ...rows, asked, tail, packed };
  }
  const reason = `they would take ${places} positions, and the model has ${maxPositions}`;
  const less = await promptRows(model, asPacked(request, reason), { ...given, tail: undefined });
  assertRoom(model, less.length, request.maxNewTokens);
  return { ...less, asked: asPacked(request, reason), tail: undefined, packed: reason };
}

interface PromptRows extends SplicedRows, Pick<DecoderPrompt, "biases"> {
  readonly length: number;
  readonly images: readonly HeldImage[];
}

/**
 * The rows that the decoder is fed, the length of the context with them, and the images of the conversation then. Without a tail the
 * conversation is computed anew.
 */
async function promptRows(
  model: ModelParts,
  request: ReadRequest,
  decided: DecidedRows & { state: TurnState; tail: Tail | undefined; clock: StageClock },
): Promise<PromptRows> {
  const { encoded, plans, unweighed, from, recovered, state, tail, clock } = decided;
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
  const places = [...held.map((one) => one.places), ...spliced.places.slice(returning.length)];
  const before = tail?.sequence.length ?? 0;
  const fresh = placedRows(
    spliced.ids,
    prompts.imageToken,
    before,
    fed.map(({ plan }) => plan),
  );
  const moved = held.map((one, i) => {
    const places = recovered[i].length > 0 ? (fresh.shift() as number[]) : [];
    const returned = new Map(recovered[i].map((id, row) => [id, places[row]]));
    return movedRows({ plan: plans[i], from: from[i] }, one.at, returned);
  });
  const at = [...moved, ...fresh];
  const images = all.map((one, i) => ({ ...one, places: places[i], unweighed: unweighed[i], at: at[i] }));
  return { ...spliced, biases: biasesOf(images, request.mass, length), length, images };
}

/** An image at its placeholder. Rows that come back of an earlier one have no markup. */
function placed({ image: { features, markup }, places }: ImageRows) {
  return { count: features.count, markup: places === undefined ? markup : undefined };
}

/**
 * @param places positions up to the answer's end, where they have gaps.
 * @throws InvalidInputError unless prompt and answer fit the language model's positions.
 */
export function assertRoom(
  { manifest: { maxPositions } }: ModelParts,
  prompt: number,
  maxNewTokens: number,
  places: number | undefined = 0,
): void {
  const refuse = refusalFor("ask");
  const got = `${prompt} and maxNewTokens ${maxNewTokens}`;
  if (prompt + maxNewTokens > maxPositions) throw refuse(`at most ${maxPositions} tokens of prompt and answer`, got);
  if (places <= maxPositions) return;
  throw refuse(
    `at most ${maxPositions} positions of prompt and answer`,
    `${places} with positions original (compact: ${got})`,
  );
}
