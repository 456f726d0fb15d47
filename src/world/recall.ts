/**
 * @file Checks of a benchmark that need no model. They count the patches a question asks about that a choice keeps. The choices
 * know the truth, only the pixels, or nothing. A benchmark that a pixel ranking solves says nothing about guidance by the question.
 */
import { refusalFor } from "../core/index.js";
import type { Slice } from "./questions.js";
import { MaskCache } from "./rasterize.js";
import type { Scene, SceneObject } from "./scene.js";
import { assertWorld } from "./shapes.js";

/** Side of a patch in pixels, as in CLIP-L/14-336. */
const PATCH = 14;

/** Tokens kept where recall is measured: a tenth of 576. */
export const KEPT_TOKENS = 58;

/** Large objects count as kept when this many of their patches are. So much of a vivid shape is enough to name it. */
const ENOUGH_PATCHES = 3;

/**
 * How much each patch differs from the picture as a whole. It is the distance of its mean color from the picture's (sum over
 * channels), plus its own contrast. Contrast is the mean distance of its pixels from its mean. Whole numbers.
 */
export function saliency(rgb: Uint8Array, size: number): Float32Array {
  assertWorld("saliency", { rgb, size });
  if (rgb.length !== size * size * 3) throw refusalFor("saliency")(`${size} x ${size} x 3 bytes`, rgb.length);
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

/** Recall of one slice. It has the share of asked patches that are kept, and that of questions whose objects count as kept. */
export interface RecallRow {
  readonly slice: Slice;
  readonly questions: number;
  /** Mean share of the asked patches that each choice keeps, 0 to 1. */
  readonly recall: Readonly<Record<Choice, number>>;
  /** Questions with at least `ENOUGH_PATCHES` patches kept (or all, of smaller objects). */
  readonly seen: Readonly<Record<Choice, number>>;
}

const CHOICES = ["oracle", "saliency", "random"] as const;
type Choice = (typeof CHOICES)[number];

/** Collects recalls question by question. */
export class RecallCounter {
  private readonly sums = new Map<Slice, { questions: number; recall: number[]; seen: number[] }>();

  /** @param target patches that the question asks about, not empty. @param kept patches that each choice keeps. */
  add(slice: Slice, target: Uint32Array, kept: Readonly<Record<Choice, ReadonlySet<number>>>): void {
    const row = this.sums.get(slice) ?? { questions: 0, recall: [0, 0, 0], seen: [0, 0, 0] };
    this.sums.set(slice, row);
    row.questions++;
    CHOICES.forEach((choice, i) => {
      const found = target.reduce((count, patch) => count + (kept[choice].has(patch) ? 1 : 0), 0);
      row.recall[i] += found / target.length;
      row.seen[i] += found >= Math.min(ENOUGH_PATCHES, target.length) ? 1 : 0;
    });
  }

  rows(): RecallRow[] {
    return Array.from(this.sums, ([slice, { questions, recall, seen }]) => ({
      slice,
      questions,
      recall: named(recall, questions),
      seen: named(seen, questions),
    })).sort((a, b) => a.slice.localeCompare(b.slice));
  }
}

function named(sums: readonly number[], questions: number): RecallRow["recall"] {
  const share = (i: number) => Math.round((1000 * sums[i]) / questions) / 1000;
  return { oracle: share(0), saliency: share(1), random: share(2) };
}

/** A patch shows an object if the object's outline covers at least a quarter of it. */
const LEAST_COVER = 0.25;

/** Ids of the patches that show an object; of an object too thin for any, the one that it covers most. */
function objectPatches(object: SceneObject, size: number, masks: MaskCache): number[] {
  const { box } = object;
  const mask = masks.get(object.kind === "sign" ? "box" : object.shape, box.width);
  const columns = Math.floor(size / PATCH);
  const cover = new Map<number, number>();
  for (let y = 0, at = 0; y < box.height; y++) {
    for (let x = 0; x < box.width; x++, at++) {
      if (mask[at] === 0) continue;
      const patch = Math.floor((box.y + y) / PATCH) * columns + Math.floor((box.x + x) / PATCH);
      cover.set(patch, (cover.get(patch) ?? 0) + mask[at]);
    }
  }
  const least = LEAST_COVER * 16 * PATCH * PATCH;
  const shown = [...cover].filter(([, sum]) => sum >= least).map(([patch]) => patch);
  if (shown.length === 0) shown.push([...cover].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0]);
  return shown;
}

/** Patches of all the objects that a question asks about, ascending. */
export function questionPatches(scene: Scene, about: readonly number[], masks = new MaskCache()): Uint32Array {
  assertWorld("questionPatches", { scene, about });
  const unknown = about.find((object) => object >= scene.objects.length);
  if (unknown !== undefined) throw refusalFor("questionPatches")(`objects below ${scene.objects.length}`, unknown);
  const all = new Set(about.flatMap((i) => objectPatches(scene.objects[i], scene.size, masks)));
  return Uint32Array.from(all).sort();
}
