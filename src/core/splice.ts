/** @file Placeholders, mask and positions of a prompt after compression. */
import { refusalFor } from "./errors.js";
import { optionsOf } from "./options.js";
import { assertPlan, type CompressionPlan } from "./plan.js";
import { fits, integer, isArrayLike, list, number, shaped } from "./shape.js";

/**
 * `compact`: positions count up without gaps, as runtimes do by themselves. `original`: every token keeps the position it
 * had before compression, and an output row that of its anchor (grounding collapses without: GAP, arXiv 2506.21873).
 */
export type Positions = "compact" | "original";

/** Positions by plane, `[P][T]`: one plane, or more where a model's positions have several parts (M-RoPE: time, row, column). */
export type PositionPlanes = readonly (readonly number[])[];

/** A prompt after compression, T' tokens. */
export interface SplicedPrompt {
  /** `[T']`, with one placeholder per output row. */
  readonly inputIds: number[];
  /** `[T']`, the mask values of the tokens that stayed. */
  readonly attentionMask: number[];
  /** `[P][T']`. */
  readonly positions: number[][];
}

/**
 * Shortens the placeholders of a prompt to what the plans keep.
 *
 * The prompt holds one placeholder per source token; the images' placeholders stand in the order of `plans`. They may be
 * interrupted by other tokens (rows of tiles): then a run of placeholders keeps as many as there are output rows
 * anchored in it, and the plan's rows must come in the order of the runs (`order: "grid"` always does).
 * A masked token (padding on the left) has position 0 and is not counted, as hosts compute positions from the mask.
 *
 * @param inputIds ids of one prompt, `[T]`.
 * @param imageTokenId the image token's id.
 * @param plans one per image, in the order of the prompt; none for a prompt without images.
 * @param positions how to number the tokens that stay; or the positions of all tokens before compression, `[P][T]`, of which each
 *   token keeps its own.
 * @param attentionMask `[T]`, 0 or 1; all 1 if left out.
 * @throws InvalidInputError when the number of placeholders is not the sum of `sourceCount`, when the mask's length
 *   differs or masks a placeholder, or when rows do not come in the order of the runs.
 */
export function splicePlaceholders(
  inputIds: ArrayLike<number | bigint>,
  imageTokenId: number | bigint,
  plans: readonly CompressionPlan[],
  options: { positions?: Positions | PositionPlanes; attentionMask?: ArrayLike<number | bigint> } = {},
): SplicedPrompt {
  const { positions = "compact", attentionMask } = optionsOf("splicePlaceholders", options);
  const [placeholderId] = numbers("a placeholder id", [imageTokenId]);
  if (!Array.isArray(plans)) throw refuse("a list of plans", plans);
  for (const plan of plans) assertPlan("splicePlaceholders", plan);
  const ids = numbers("ids", inputIds);
  const mask = attentionMask === undefined ? ids.map(() => 1) : numbers("a mask", attentionMask);
  assertPrompt(ids, placeholderId, plans, mask);
  const before = Array.isArray(positions) ? (positions as PositionPlanes) : [countedPositions(mask)];
  if (!Array.isArray(positions) && positions !== "compact" && positions !== "original") {
    throw refuse('positions "compact", "original" or planes', positions);
  }
  assertPlanes(before, ids.length);
  const out: SplicedPrompt = { inputIds: [], attentionMask: [], positions: before.map(() => []) };
  const push = (id: number, visible: number, at: number) => {
    out.inputIds.push(id);
    out.attentionMask.push(visible);
    for (const [plane, values] of before.entries()) out.positions[plane].push(values[at]);
  };
  const rows = anchoredRows(plans);
  let row = 0;
  let passed = 0;
  for (let at = 0; at < ids.length; ) {
    if (ids[at] !== placeholderId) {
      push(ids[at], mask[at], at);
      at++;
      continue;
    }
    const [start, first] = [at, passed];
    while (ids[at] === placeholderId) at++;
    passed += at - start;
    for (; rows[row]?.place >= first && rows[row].place < passed; row++) {
      push(placeholderId, 1, start + rows[row].place - first);
    }
  }
  if (row < rows.length) {
    const got = `image ${rows[row].image}, row ${rows[row].row} anchored at ${rows[row].anchor} after its run`;
    throw refuse('rows in the order of the runs of placeholders (order: "grid")', got);
  }
  return positions === "compact" ? { ...out, positions: [countedPositions(out.attentionMask)] } : out;
}

/** Positions as hosts count them: the number of visible tokens before; 0 for a masked one. */
function countedPositions(mask: readonly number[]): number[] {
  let next = 0;
  return mask.map((visible) => (visible === 0 ? 0 : next++));
}

const refuse = refusalFor("splicePlaceholders");

const PLANES = list(list(number));

function assertPlanes(planes: PositionPlanes, length: number): void {
  shaped(planes, PLANES, (expected, got) => refuse(`positions: ${expected}`, got));
  const odd = planes.find((plane) => plane.length !== length);
  if (planes.length > 0 && odd === undefined) return;
  throw refuse(`planes of ${length} positions`, odd === undefined ? "none" : `one of ${odd.length}`);
}

/** The output rows of all plans, each with the place of its anchor among all placeholders. */
function anchoredRows(plans: readonly CompressionPlan[]) {
  let passed = 0;
  return plans.flatMap(({ anchor, sourceCount }, image) => {
    const first = passed;
    passed += sourceCount;
    return Array.from(anchor, (anchor, row) => ({ image, row, anchor, place: first + anchor }));
  });
}

const WHOLE = integer(Number.MIN_SAFE_INTEGER);

/** Whole numbers of a list that may hold 64-bit ones, as tokenizers give them. */
function numbers(name: string, values: ArrayLike<number | bigint>): number[] {
  if (!isArrayLike(values)) throw refuse(`${name} as a list`, values);
  const all: number[] = [];
  // By place: what says that it is longer than memory ends at its first gap.
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const number = typeof value === "bigint" ? Number(value) : value;
    if (!fits(number, WHOLE)) throw refuse(`${name} as whole numbers`, value);
    all.push(number);
  }
  return all;
}

function assertPrompt(
  ids: readonly number[],
  placeholderId: number,
  plans: readonly CompressionPlan[],
  mask: readonly number[],
): void {
  const expected = plans.reduce((sum, plan) => sum + plan.sourceCount, 0);
  const found = ids.filter((id) => id === placeholderId).length;
  if (found !== expected) {
    const placeholders = `${expected} placeholders ${String(placeholderId)} for ${plans.length} plans`;
    throw refuse(placeholders, `${found} in ${ids.length} ids`);
  }
  if (mask.length !== ids.length) throw refuse(`a mask of ${ids.length} values`, mask.length);
  const odd = mask.findIndex((value, i) => (value !== 0 && value !== 1) || (value === 0 && ids[i] === placeholderId));
  if (odd >= 0) throw refuse("a mask of 0 and 1 with every placeholder visible", `${mask[odd]} at position ${odd}`);
}
