/** @file Charts as SVG text, by Vega-Lite and Vega, without a browser and without the fonts of the machine. */
import type { TopLevelSpec } from "vega-lite";
import { CONFIG } from "./charts/style.js";

/** Draws a chart as an SVG element; the same specification gives the same text. */
export type ChartDrawer = (spec: TopLevelSpec) => Promise<string>;

/** Mean width of a letter of usual sans-serif fonts, in units of its size. It is on the wide side: names must not be cut. */
const LETTER_WIDTH = 0.6;

/** Loads the packages. @throws what `import` throws where one is missing: the caller knows how to say so. */
export async function chartDrawer(): Promise<ChartDrawer> {
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  return async (spec) => {
    const metrics = (vega as unknown as { readonly textMetrics: TextMetrics }).textMetrics;
    const { width } = metrics;
    // Vega measures with a canvas where the machine has one: letters would then lie elsewhere on another machine.
    metrics.width = (item, text) => LETTER_WIDTH * (item.fontSize ?? 12) * String(text ?? "").length;
    try {
      vega.resetSVGDefIds();
      const view = new vega.View(vega.parse(compile(spec, { config: CONFIG }).spec), { renderer: "none" });
      const svg = await view.toSVG();
      view.finalize();
      return svg.replace(/ xmlns(:\w+)?="[^"]*"/g, "");
    } finally {
      metrics.width = width;
    }
  };
}

/** Vega's way to be given another measure of text. */
interface TextMetrics {
  width: (item: { readonly fontSize?: number }, text: unknown) => number;
}
