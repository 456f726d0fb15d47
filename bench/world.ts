import { quantile } from "../src/math/index.js";
import { drawScene, MaskCache, rasterize, saliency, sampleScene } from "../src/world/index.js";

/** Milliseconds of one stage of making a picture, and pictures per second. */
export interface WorldRow {
  readonly name: string;
  readonly runs: number;
  readonly median_ms: number;
  readonly p95_ms: number;
  readonly mean_ms: number;
  readonly per_second: number;
}

/** Different pictures of 336 pixels, one after another on one core: the scene, its pixels, both, and the gate's ranking. */
export function benchWorld(runs: number): WorldRow[] {
  const masks = new MaskCache();
  const scene = (index: number) => sampleScene({ split: "val", seed: 7, index });
  const stages = {
    scene: [] as number[],
    pixels: [] as number[],
    "scene and pixels": [] as number[],
    saliency: [] as number[],
  };
  // The first pictures fill the cache of masks and warm the engine up.
  for (let index = -50; index < runs; index++) {
    const start = performance.now();
    const drawing = drawScene(scene(index + 50));
    const drawn = performance.now();
    const rgb = rasterize(drawing, masks);
    const painted = performance.now();
    saliency(rgb, drawing.size);
    const ranked = performance.now();
    if (index < 0) continue;
    stages.scene.push(drawn - start);
    stages.pixels.push(painted - drawn);
    stages["scene and pixels"].push(painted - start);
    stages.saliency.push(ranked - painted);
  }
  return Object.entries(stages).map(([name, times]) => {
    times.sort((a, b) => a - b);
    const mean = times.reduce((a, b) => a + b) / times.length;
    const round = (value: number) => Number(value.toPrecision(4));
    return {
      name,
      runs,
      median_ms: round(quantile(times, 0.5)),
      p95_ms: round(quantile(times, 0.95)),
      mean_ms: round(mean),
      per_second: round(1000 / mean),
    };
  });
}
