/**
 * Checks of a benchmark that need no model: how much of what a question asks about do choices keep that know the truth, only
 * the pixels, or nothing. A benchmark that a pixel ranking solves says nothing about guidance by the question.
 */
import { PATCH } from "./cover.js";
import type { Slice } from "./questions.js";

/** Tokens kept where recall is measured: a tenth of 576. */
export const GATE_TOKENS = 58;

/** Large things count as kept when this many of their patches are: so much of a vivid shape is enough to name it. */
export const SEEN_PATCHES = 3;

/**
 * How much each patch differs from the picture as a whole: the distance of its mean color from the mean color of the
 * picture (sum over channels), plus its own contrast (mean distance of its pixels from its mean). Whole numbers.
 */
export function saliency(rgb: Uint8Array, size: number): Float32Array {
  const columns = Math.floor(size / PATCH);
  const whole = meanColor(rgb, size, 0, 0, columns * PATCH);
  return Float32Array.from({ length: columns * columns }, (_, patch) => {
    const left = (patch % columns) * PATCH;
    const top = Math.floor(patch / columns) * PATCH;
    const mean = meanColor(rgb, size, left, top, PATCH);
    let contrast = 0;
    for (let y = top; y < top + PATCH; y++) {
      for (let x = left; x < left + PATCH; x++) {
        for (let c = 0; c < 3; c++) contrast += Math.abs(rgb[(y * size + x) * 3 + c] - mean[c]);
      }
    }
    const apart = whole.reduce((sum, value, c) => sum + Math.abs(value - mean[c]), 0);
    return apart + Math.floor(contrast / (PATCH * PATCH));
  });
}

function meanColor(rgb: Uint8Array, size: number, left: number, top: number, side: number): number[] {
  const sums = [0, 0, 0];
  for (let y = top; y < top + side; y++) {
    for (let x = left; x < left + side; x++) for (let c = 0; c < 3; c++) sums[c] += rgb[(y * size + x) * 3 + c];
  }
  return sums.map((sum) => Math.floor(sum / (side * side)));
}

/** Recall of one slice: share of the asked patches that are kept, and share of the questions whose things count as kept. */
export interface GateRow {
  readonly slice: Slice;
  readonly questions: number;
  readonly recall: { readonly oracle: number; readonly saliency: number; readonly random: number };
  /** Questions with at least `SEEN_PATCHES` patches kept (or all, of smaller things). */
  readonly seen: { readonly oracle: number; readonly saliency: number; readonly random: number };
}

const CHOICES = ["oracle", "saliency", "random"] as const;
type Choice = (typeof CHOICES)[number];

/** Collects recalls question by question. */
export class GateCounter {
  private readonly sums = new Map<Slice, { questions: number; recall: number[]; seen: number[] }>();

  /** @param target patches that the question asks about, not empty. @param kept patches that each choice keeps. */
  add(slice: Slice, target: Uint32Array, kept: Readonly<Record<Choice, ReadonlySet<number>>>): void {
    const row = this.sums.get(slice) ?? { questions: 0, recall: [0, 0, 0], seen: [0, 0, 0] };
    this.sums.set(slice, row);
    row.questions++;
    CHOICES.forEach((choice, i) => {
      const found = target.reduce((count, patch) => count + (kept[choice].has(patch) ? 1 : 0), 0);
      row.recall[i] += found / target.length;
      row.seen[i] += found >= Math.min(SEEN_PATCHES, target.length) ? 1 : 0;
    });
  }

  rows(): GateRow[] {
    return Array.from(this.sums, ([slice, { questions, recall, seen }]) => ({
      slice,
      questions,
      recall: named(recall, questions),
      seen: named(seen, questions),
    })).sort((a, b) => a.slice.localeCompare(b.slice));
  }
}

function named(sums: readonly number[], questions: number): GateRow["recall"] {
  const share = (i: number) => Math.round((1000 * sums[i]) / questions) / 1000;
  return { oracle: share(0), saliency: share(1), random: share(2) };
}
