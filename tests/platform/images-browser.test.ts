/** Images in Chromium: the same red, green and blue as in Node and by hand, from every form; refused with a sentence. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encode } from "fast-png";
import { rolldown } from "rolldown";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onWhite } from "../../src/core/index.js";
import { readImage } from "../../src/files/index.js";
import { chromium, withPage } from "./chromium.js";

const dist = fileURLToPath(new URL("../../dist/vlm/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "recoup-images-browser-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every fourth alpha with every third color: red rises, green falls. */
const SIDE = 86;
const colors = Uint8Array.from({ length: 4 * SIDE * 64 }, (_, at) => {
  const x = Math.floor(at / 4) % SIDE;
  const y = Math.floor(at / 4 / SIDE);
  return [3 * x, 255 - 3 * x, 77, y === 63 ? 255 : 4 * y][at % 4];
});
const raw = { raw: { width: SIDE, height: 64, channels: 4 } } as const;
const palette = [
  [200, 100, 50, 128],
  [0, 0, 255, 0],
  [9, 8, 7, 255],
];

/** Files of images, by name. */
async function files(): Promise<Record<string, Uint8Array>> {
  const shape = { width: SIDE, height: 64 };
  const deep = Uint16Array.from(colors, (value) => value * 257);
  const grays = colors.filter((_, at) => at % 4 === 0 || at % 4 === 3);
  return {
    rgba: encode({ ...shape, channels: 4, data: colors }),
    deep: encode({ ...shape, channels: 4, depth: 16, data: deep }),
    gray: encode({ ...shape, channels: 2, data: grays }),
    palette: encode({ width: 3, height: 1, channels: 1, data: Uint8Array.of(0, 1, 2), palette }),
    webp: await sharp(Buffer.from(colors), raw).webp({ lossless: true, exact: true }).toBuffer(),
    opaque: await sharp(Buffer.from(colors), raw).removeAlpha().png().toBuffer(),
    turned: await sharp(Buffer.from(colors), raw).removeAlpha().withMetadata({ orientation: 6 }).png().toBuffer(),
  };
}

const PROGRAM = `
import { decodeImage } from ${JSON.stringify(join(dist, "transformers/browser/decode-image.js"))};
import { takeImage } from ${JSON.stringify(join(dist, "image-input.js"))};
const plain = ({ width, height, data }) => ({ width, height, data: [...data] });
const taken = (image) => plain(takeImage(image).content);
const refused = async (work) => {
  try { await work(); return "nothing refused"; } catch (error) { return error.name + ": " + error.message; }
};
const result = { files: {}, forms: {}, drawn: {}, refused: {} };
try {
  for (const name of await (await fetch("/names")).json()) result.files[name] = plain(await decodeImage("/files/" + name));
  const blob = await (await fetch("/files/rgba")).blob();
  const buffer = await blob.arrayBuffer();
  const base64 = btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
  const files = {
    blob, buffer, bytes: new Uint8Array(buffer), file: new File([blob], "a.png"), url: new URL("/files/rgba", location.href),
    object: URL.createObjectURL(blob), data: "data:image/png;base64," + base64, notReally: { size: 1, type: "", arrayBuffer: async () => buffer },
  };
  for (const [form, file] of Object.entries(files)) result.forms[form] = plain(await decodeImage(takeImage(file).content.source));
  const bitmap = await createImageBitmap(blob);
  const { width, height } = bitmap;
  const offscreen = new OffscreenCanvas(width, height);
  offscreen.getContext("2d").drawImage(bitmap, 0, 0);
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  const renderer = new OffscreenCanvas(width, height);
  renderer.getContext("bitmaprenderer").transferFromImageBitmap(await createImageBitmap(blob));
  const gl = Object.assign(document.createElement("canvas"), { width: 2, height: 1 });
  const context = gl.getContext("webgl", { preserveDrawingBuffer: true });
  context?.clearColor(0, 0.5, 0, 0.5);
  context?.clear(context.COLOR_BUFFER_BIT);
  const imageData = new ImageData(Uint8ClampedArray.from(${JSON.stringify([...colors])}), width, height);
  for (const [form, image] of Object.entries({ bitmap, offscreen, canvas, renderer, imageData })) result.drawn[form] = taken(image);
  result.gl = context === null ? undefined : taken(gl);
  const frame = document.createElement("iframe");
  document.body.append(frame);
  result.drawn.foreign = taken(new frame.contentWindow.ImageData(frame.contentWindow.Uint8ClampedArray.from(imageData.data), width, height));
  const closed = await createImageBitmap(blob);
  closed.close();
  const tainted = document.createElement("canvas");
  const foreign = new Image();
  foreign.src = location.href.replace("127.0.0.1", "localhost").replace(/page.html$/, "files/rgba");
  await foreign.decode();
  tainted.getContext("2d").drawImage(foreign, 0, 0);
  const wrong = {
    closed: () => takeImage(closed), empty: () => takeImage(new OffscreenCanvas(0, 5)), tainted: () => takeImage(tainted),
    element: () => takeImage(foreign), text: () => decodeImage("/files/none"), page: () => decodeImage("/page.html"),
    broken: () => decodeImage("data:image/png;base64," + base64 + "!"), half: () => decodeImage(new Uint8Array(buffer.slice(0, 500))),
    long: () => decodeImage("data:text/plain," + base64.repeat(50)),
    nothing: () => decodeImage(new Uint8Array(0)), gone: () => decodeImage("blob:http://127.0.0.1/" + "0".repeat(500)),
    stopped: () => { const c = new AbortController(); setTimeout(() => c.abort(new Error("enough")), 50); return decodeImage("/slow", c.signal); },
  };
  for (const [name, work] of Object.entries(wrong)) result.refused[name] = await refused(work);
} catch (error) {
  result.error = String(error.stack ?? error);
}
await fetch("/result", { method: "POST", body: JSON.stringify(result) });
`;

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: readonly number[];
}
interface Result {
  readonly error?: string;
  readonly files: Readonly<Record<string, Pixels>>;
  readonly forms: Readonly<Record<string, Pixels>>;
  readonly drawn: Readonly<Record<string, Pixels>>;
  readonly gl?: Pixels;
  readonly refused: Readonly<Record<string, string>>;
}

/** Largest difference of two images of one size. */
function difference(one: ArrayLike<number>, other: ArrayLike<number>): number {
  expect(one.length).toBe(other.length);
  let most = 0;
  for (let at = 0; at < one.length; at++) most = Math.max(most, Math.abs(one[at] - other[at]));
  return most;
}

describe.skipIf(chromium === undefined)("images in Chromium", () => {
  let all: Record<string, Uint8Array>;
  let result: Result;
  beforeAll(async () => {
    all = await files();
    const input = join(folder, "program.js");
    writeFileSync(input, PROGRAM);
    const build = await rolldown({ input, platform: "browser", logLevel: "silent" });
    const { output } = await build.generate({ format: "esm" });
    await build.close();
    let finish: (result: Result) => void;
    const done = new Promise<Result>((resolve) => {
      finish = resolve;
    });
    const server = createServer((request, response) => {
      const url = request.url ?? "";
      if (url === "/page.html") {
        response.setHeader("content-type", "text/html");
        response.end('<!doctype html><body><script type="module" src="/program.js"></script>');
      } else if (url === "/program.js") response.setHeader("content-type", "text/javascript").end(output[0].code);
      else if (url === "/names") response.end(JSON.stringify(Object.keys(all)));
      else if (url === "/slow") response.write("x");
      else if (url === "/result") {
        let body = "";
        request.on("data", (part) => {
          body += part;
        });
        request.on("end", () => {
          response.end();
          finish(JSON.parse(body));
        });
      } else if (all[url.slice(7)] === undefined) response.writeHead(404).end();
      else response.setHeader("content-type", "image/png").end(all[url.slice(7)]);
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { port } = server.address() as AddressInfo;
    result = await withPage(`http://127.0.0.1:${port}/page.html`, ["--disable-gpu"], done);
    server.closeAllConnections();
    server.close();
    expect(result.error).toBeUndefined();
  }, 120_000);

  it("are those of Node, on white", async () => {
    for (const [name, bytes] of Object.entries(all)) {
      const { width, height, data } = await readImage(bytes);
      expect(result.files[name], name).toMatchObject({ width, height });
      // Browsers paint on white with 8 bits of what they have multiplied by alpha before; Node multiplies once.
      expect(difference(result.files[name].data, data), name).toBeLessThanOrEqual(name === "opaque" ? 0 : 1);
    }
    expect(difference(result.files.rgba.data, onWhite(colors))).toBeLessThanOrEqual(1);
    expect([...(await readImage(all.rgba)).data]).toEqual([...onWhite(colors)]);
  });

  it("are the same from every form", () => {
    for (const [form, { data }] of Object.entries(result.forms)) {
      expect(difference(data, result.files.rgba.data), form).toBe(0);
    }
    const painted = onWhite(colors);
    for (const [form, { data }] of Object.entries(result.drawn)) {
      // A page's own ImageData is not multiplied at all.
      const exact = form === "imageData" || form === "foreign";
      expect(difference(data, painted), form).toBeLessThanOrEqual(exact ? 0 : 1);
    }
    // Half of a premultiplied green over white.
    if (result.gl !== undefined)
      expect(difference(result.gl.data, [127, 255, 127, 127, 255, 127])).toBeLessThanOrEqual(1);
  });

  it.each([
    ["closed", /a canvas or bitmap with pixels, got 0 x 0/],
    ["empty", /a canvas or bitmap with pixels, got 0 x 5/],
    ["tainted", /a canvas or bitmap that can be read, got /],
    ["element", /an element: give its src, or draw it on a canvas/],
    ["text", /an image at \/files\/none, got 404/],
    ["page", /an image as JPEG, .*, got a web page: \/page.html/],
    ["broken", /whole base64, got the data: URL \(image\/png/],
    ["half", /an image that the browser can decode, got the bytes/],
    ["long", /got text: the data: URL \(text\/plain/],
    ["nothing", /0 bytes/],
    ["gone", /an image at blob:/],
  ])("are refused: %s", (name, message) => {
    expect(result.refused[name]).toMatch(/^InvalidInputError: .{1,300}$/);
    expect(result.refused[name]).toMatch(message);
  });

  it("stop while they come", () => {
    expect(result.refused.stopped).toBe("Error: enough");
  });
});
