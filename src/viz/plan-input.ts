/** @file Checks of the arguments of a drawing, and the form that the drawing takes them in. */
import { refusalFor, shape, type TokenGrid } from "../core/index.js";
import type { HeatMap } from "./heat-map.js";
import type { PlanImage } from "./plan-layer.js";

/** Scores per source token, `[N]` each; a token table of all tokens has these names too. */
export interface PlanSignals {
  /** Attention of the class token. */
  readonly clsAttention?: ArrayLike<number>;
  /** Similarity of each token to the question. */
  readonly textSimilarity?: ArrayLike<number>;
}

/** Refusals of `planToSvg`. */
export const refuse = refusalFor("planToSvg");

const MAPS: Readonly<Record<keyof PlanSignals, Omit<HeatMap, "values">>> = {
  clsAttention: {
    name: "CLS attention",
    scale: "square root",
    framed: "visual",
    framing: "visual tokens on CLS attention",
  },
  textSimilarity: {
    name: "Text similarity",
    scale: "linear",
    framed: "text",
    framing: "text tokens on text similarity",
  },
};

/** The heat maps of the signals that are there; none when there are no tokens. */
export function heatMaps(signals: PlanSignals, sourceCount: number): HeatMap[] {
  if (!shape.fits(signals, shape.object({}))) throw refuse("signals as { clsAttention, textSimilarity }", signals);
  const maps = Object.entries(MAPS).flatMap(([signal, map]): HeatMap[] => {
    const values = signals[signal as keyof PlanSignals];
    if (values === undefined) return [];
    if (!shape.isArrayLike(values)) throw refuse(`${map.name} as a list`, values);
    if (values.length !== sourceCount) throw refuse(`${sourceCount} values of ${map.name}`, values.length);
    const bad = Array.prototype.findIndex.call(values, (value) => !Number.isFinite(value));
    if (bad >= 0) throw refuse(`finite values of ${map.name}`, `${String(values[bad])} at ${bad}`);
    return [{ values, ...map }];
  });
  return sourceCount === 0 ? [] : maps;
}

const IMAGE = /^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*$/;

/** One entry per grid, or none when there is no image at all. */
export function imageList(
  image: PlanImage | readonly (PlanImage | undefined)[] | undefined,
  grids: readonly TokenGrid[],
): readonly (PlanImage | undefined)[] {
  if (image === undefined) return [];
  const images = Array.isArray(image) ? (image as readonly (PlanImage | undefined)[]) : [image as PlanImage];
  if (images.length !== grids.length) throw refuse(`one image for each of ${grids.length} grids`, images.length);
  for (const one of images) {
    if (one === undefined) continue;
    const { dataUri } = Object(one) as PlanImage;
    if (typeof dataUri !== "string" || !IMAGE.test(dataUri)) {
      const got = typeof dataUri === "string" ? `${dataUri.slice(0, 40)}…` : one;
      throw refuse("a base64 data URI of a png, jpeg, gif or webp picture", got);
    }
  }
  return images.some((one) => one !== undefined) ? images : [];
}
