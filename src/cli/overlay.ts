import { basename, extname } from "node:path";
import { refusalFor } from "../core/index.js";
import { imageToPng, type OutputFile, svgToPng } from "../files/index.js";
import { planToSvg } from "../viz/index.js";
import type { AskResult, ModelManifest, RgbImage } from "../vlm/index.js";
import { evidenceLine } from "./evidence-line.js";
import { assertDrawable } from "./packages.js";

/** Width of a PNG file in pixels: twice the drawing's own, for sharp text. */
export const PNG_WIDTH = 1920;

/** Ways to write a drawing, by how the file's name ends. */
const FORMATS = [".svg", ".png"];

/** @throws InvalidInputError for a name that ends in neither .svg nor .png, and for a PNG without the packages that draw it. */
export function assertOverlay(operation: string, path: string): void {
  if (!FORMATS.includes(extname(path).toLowerCase()))
    throw refusalFor(operation)("--overlay FILE.svg or FILE.png", path);
  assertDrawable(operation, path);
}

/** Words of a drawing. */
interface OverlayFacts {
  readonly question: string;
  readonly manifest: ModelManifest;
  /** A sentence that the answer must not stand without. */
  readonly caution?: string;
}

/**
 * The plan of an answer over the image as encoded: its middle square where CLIP preprocesses, the whole image elsewhere.
 * Of an image in tiles the last grid is the whole; the tiles are drawn without an image.
 *
 * @returns undefined where it is not known where the tokens lie.
 */
export async function overlaySvg(
  result: AskResult,
  image: RgbImage,
  { question, manifest, caution }: OverlayFacts,
): Promise<string | undefined> {
  const [plan] = result.plans;
  const [table] = result.tables;
  const { grids } = table;
  if (grids === undefined) return undefined;
  const png = await imageToPng(image, { square: manifest.path === "clip" });
  const under = { dataUri: `data:image/png;base64,${Buffer.from(png).toString("base64")}` };
  return planToSvg(plan, {
    grids,
    image: grids.map((_, i) => (i === grids.length - 1 ? under : undefined)),
    signals: table,
    title: `“${result.answer}”`,
    subtitle: [`${result.method}, model ${basename(result.model)}`, caution].filter(Boolean).join(". "),
    question,
    note: evidenceLine(result.method, result.evidence[0]),
  });
}

/** A drawing as the file that its name asks for. */
export async function overlayFile(path: string, svg: string): Promise<OutputFile> {
  return { path, data: extname(path).toLowerCase() === ".png" ? await svgToPng(svg, { width: PNG_WIDTH }) : svg };
}
