/**
 * @file SVG to PNG in Node, without a browser and without the fonts of the machine: the same SVG gives the same bytes everywhere.
 * Needs two optional packages: the renderer (resvg, compiled to WebAssembly) and PT Sans.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { FormatError, optionsOf, refusalFor, shape } from "../core/index.js";
import { optionalPackage } from "./optional-package.js";

/** The packages that this needs. */
export const PNG_PACKAGES = ["@resvg/resvg-wasm", "@expo-google-fonts/pt-sans"];

/** An image in the SVG that the renderer cannot decode. */
const OTHER_PICTURE = /data:image\/(?!png|jpeg|jpg|gif|svg\+xml)[\w.+-]*/;

const OPERATION = "svgToPng";

/** Options of `svgToPng`. */
export interface SvgToPngOptions {
  /** Width of the image in pixels; the height follows. Default: the SVG's own width. */
  readonly width?: number;
  /** TrueType or OpenType files for scripts that PT Sans (Latin, Cyrillic) has no letters for. */
  readonly fonts?: readonly Uint8Array[];
}

const OPTION_SHAPES = {
  width: shape.optional(shape.integer(1)),
  fonts: shape.optional(shape.list(shape.instance(Uint8Array))),
};

/**
 * Renders SVG text as a PNG file. Only PT Sans and the given `fonts` are used, never the fonts of the machine.
 *
 * @throws MissingPackageError when an optional package is missing, FormatError for text that is no SVG or has an image other
 *   than PNG, JPEG and GIF in it (WebP), InvalidInputError for a width that is no whole number of pixels.
 */
export async function svgToPng(svg: string, options: SvgToPngOptions = {}): Promise<Uint8Array> {
  const { width, fonts = [] } = optionsOf(OPERATION, options, OPTION_SHAPES);
  if (typeof svg !== "string") throw refusalFor(OPERATION)("SVG text", svg);
  const foreign = OTHER_PICTURE.exec(svg);
  const refuse = refusalFor(OPERATION, FormatError);
  // The renderer would leave the image out without a word.
  if (foreign) throw refuse("pictures as PNG, JPEG or GIF", foreign[0]);
  const { Resvg } = await renderer();
  const files = ["400Regular/PTSans_400Regular.ttf", "700Bold/PTSans_700Bold.ttf"];
  const own = await Promise.all(files.map((file) => packageFile("@expo-google-fonts/pt-sans", file)));
  try {
    const image = new Resvg(svg, {
      fitTo: width === undefined ? { mode: "original" } : { mode: "width", value: width },
      font: { fontBuffers: [...own, ...fonts], defaultFontFamily: "PT Sans", sansSerifFamily: "PT Sans" },
    });
    const rendered = image.render();
    const png = rendered.asPng();
    rendered.free();
    image.free();
    return png;
  } catch (cause) {
    throw refuse("an SVG", `${svg.slice(0, 40)}…`, cause);
  }
}

type Resvg = typeof import("@resvg/resvg-wasm");

/** The loaded renderer, kept since its WebAssembly module can be initialized only once per process. */
let loading: Promise<Resvg> | undefined;

function renderer(): Promise<Resvg> {
  loading ??= load().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<Resvg> {
  const name = "@resvg/resvg-wasm";
  const resvg = await optionalPackage(OPERATION, name, import("@resvg/resvg-wasm"), {
    needed: PNG_PACKAGES,
    exports: ["Resvg", "initWasm"],
  });
  await resvg.initWasm(await packageFile(name, "index_bg.wasm")).catch((error: Error) => {
    // Somebody else in this process was first: the module is ready.
    if (!error.message.startsWith("Already initialized")) throw error;
  });
  return resvg;
}

function packageFile(name: string, file: string): Promise<Uint8Array<ArrayBuffer>> {
  const read = async () => new Uint8Array(await readFile(createRequire(import.meta.url).resolve(`${name}/${file}`)));
  return optionalPackage(OPERATION, name, read(), { needed: PNG_PACKAGES });
}
