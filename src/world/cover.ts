import { MaskCache } from "./rasterize.js";
import type { Scene, Thing } from "./scene.js";

/** Side of a patch in pixels, as in CLIP-L/14-336. */
export const PATCH = 14;

/** A patch shows a thing if the thing's outline covers at least a quarter of it. */
const LEAST_COVER = 0.25;

/** Ids of the patches that show a thing, ascending; of a thing too thin for any, the one it covers most. */
export function thingPatches({ kind, box, ...thing }: Thing, size: number, masks = new MaskCache()): Uint32Array {
  const mask = masks.get(kind === "sign" ? "box" : (thing as { shape: string }).shape, box.width);
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
  return Uint32Array.from(shown).sort();
}

/** Patches of all the things that a question asks about, ascending. */
export function questionPatches(scene: Scene, about: readonly number[], masks = new MaskCache()): Uint32Array {
  const all = new Set(about.flatMap((i) => Array.from(thingPatches(scene.things[i], scene.size, masks))));
  return Uint32Array.from(all).sort();
}
