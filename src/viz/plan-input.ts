/** Checks what is drawn with a plan, and brings it into the form that the drawing takes. */
import { InvalidInputError, type TokenGrid } from "../core/index.js";
import type { HeatMapOptions } from "./heat-map.js";
import type { PlanImage } from "./plan-layer.js";

/** Scores per source token, `[N]` each; a token table of all tokens has these names too. */
export interface PlanSignals {
  readonly clsAttention?: ArrayLike<number>;
  readonly textSimilarity?: ArrayLike<number>;
}

/** One signal with all that its heat map says. */
export interface HeatMap extends HeatMapOptions {
  readonly values: ArrayLike<number>;
  /** What the frames mean, for the notes. */
  readonly framing: string;
}

/** The heat maps of the signals that are there; none when there are no tokens. */
export function heatMaps({ clsAttention, textSimilarity }: PlanSignals, sourceCount: number): HeatMap[] {
  const maps: HeatMap[] = [];
  if (clsAttention) {
    maps.push({
      values: clsAttention,
      name: "CLS attention",
      scale: "square root",
      framed: "visual",
      framing: "visual tokens on CLS attention",
    });
  }
  if (textSimilarity) {
    maps.push({
      values: textSimilarity,
      name: "Text similarity",
      scale: "linear",
      framed: "text",
      framing: "text tokens on text similarity",
    });
  }
  for (const { values, name } of maps) {
    if (values.length !== sourceCount) refuse(`${sourceCount} values of ${name}`, String(values.length));
    const bad = Array.prototype.findIndex.call(values, (value) => !Number.isFinite(value));
    if (bad >= 0) refuse(`finite values of ${name}`, `${values[bad]} at ${bad}`);
  }
  return sourceCount === 0 ? [] : maps;
}

const PICTURE = /^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*$/;

/** One entry per grid, or none when there is no picture at all. */
export function imageList(
  image: PlanImage | readonly (PlanImage | undefined)[] | undefined,
  grids: readonly TokenGrid[],
): readonly (PlanImage | undefined)[] {
  if (image === undefined) return [];
  const images = "dataUri" in image ? [image] : image;
  if (images.length !== grids.length) refuse(`one image for each of ${grids.length} grids`, String(images.length));
  for (const one of images) {
    if (one && !PICTURE.test(one.dataUri)) {
      refuse("a base64 data URI of a png, jpeg, gif or webp picture", `${one.dataUri.slice(0, 40)}…`);
    }
  }
  return images.some((one) => one !== undefined) ? images : [];
}

/** Throws an InvalidInputError of `planToSvg`. */
export function refuse(expected: string, got: string): never {
  throw new InvalidInputError({ operation: "planToSvg", expected, got });
}
