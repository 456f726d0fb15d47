import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { inflateSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FormatError, InvalidInputError, identityPlan, RecoupError, squareGrid } from "../core/index.js";
import { planToSvg } from "../viz/index.js";
import { svgToPng } from "./png.js";

const svg = (inner: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#fff"/>${inner}</svg>`;

/** Width and height of an RGBA PNG, and whether anything but white is on it. */
function readPng(png: Uint8Array): { width: number; height: number; inked: boolean } {
  const buffer = Buffer.from(png);
  const data: Buffer[] = [];
  for (let at = 8; at < buffer.length; ) {
    const length = buffer.readUInt32BE(at);
    if (buffer.toString("latin1", at + 4, at + 8) === "IDAT") data.push(buffer.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const rows = inflateSync(Buffer.concat(data));
  const width = buffer.readUInt32BE(16);
  const stride = width * 4 + 1;
  // Filter bytes aside, a white picture has only 255 (no filter) or 0 (any difference filter) after the first pixel.
  const inked = rows.some((byte, i) => i % stride !== 0 && byte !== 255 && byte !== 0);
  return { width, height: buffer.readUInt32BE(20), inked };
}

function requireWithoutFont(from: string) {
  const { resolve } = createRequire(from);
  return {
    resolve(name: string) {
      if (name.includes("pt-sans")) throw new Error(`Cannot find module ${name}`);
      return resolve(name);
    },
  };
}

afterEach(() => {
  vi.doUnmock("@resvg/resvg-wasm");
  vi.doUnmock("node:module");
  vi.resetModules();
});

describe("svgToPng", () => {
  it("renders at the SVG's own size, or at the width asked for", async () => {
    expect(readPng(await svgToPng(svg("")))).toMatchObject({ width: 40, height: 20 });
    expect(readPng(await svgToPng(svg(""), { width: 120 }))).toMatchObject({ width: 120, height: 60 });
  });

  it("draws text with its own font, whatever family is asked for", async () => {
    expect(readPng(await svgToPng(svg(""))).inked).toBe(false);
    const text = (family: string) => svg(`<text x="2" y="15" font-size="14" font-family="${family}">Ag</text>`);
    const own = await svgToPng(text("PT Sans"));
    expect(readPng(own).inked).toBe(true);
    expect(await svgToPng(text("Arial"))).toEqual(own);
    expect(await svgToPng(text("sans-serif"))).toEqual(own);
  });

  it("gives the same bytes for the same drawing", async () => {
    const drawing = planToSvg(identityPlan(16), { grids: [squareGrid(16)], title: "Plan", width: 320 });
    const hash = (png: Uint8Array) => createHash("sha256").update(png).digest("hex");
    expect(hash(await svgToPng(drawing))).toBe(hash(await svgToPng(drawing)));
  });

  it("refuses text that is no SVG, and a width that is no whole number", async () => {
    await expect(svgToPng("no picture")).rejects.toThrow(FormatError);
    await expect(svgToPng(svg(""), { width: 0.5 })).rejects.toThrow(InvalidInputError);
  });

  it("refuses a picture that the renderer would leave out", async () => {
    const webp = svg('<image width="9" height="9" href="data:image/webp;base64,UklGRg=="/>');
    await expect(svgToPng(webp)).rejects.toThrow("expected pictures as PNG, JPEG or GIF, got data:image/webp");
  });

  it("names the missing font, also when another part of the process has started the renderer", async () => {
    await svgToPng(svg(""));
    vi.resetModules();
    vi.doMock("node:module", () => ({ createRequire: requireWithoutFont }));
    const fresh = await import("./png.js");
    const error = await fresh.svgToPng(svg("")).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "MissingPackageError", package: "@expo-google-fonts/pt-sans" });
  });

  it("names the missing package and the command that installs it", async () => {
    vi.resetModules();
    vi.doMock("@resvg/resvg-wasm", () => {
      throw new Error("Cannot find package");
    });
    const fresh = await import("./png.js");
    const error = await fresh.svgToPng(svg("")).catch((reason: unknown) => reason);
    expect(RecoupError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ name: "MissingPackageError", package: "@resvg/resvg-wasm", operation: "svgToPng" });
    expect(String(error)).toContain("npm install @resvg/resvg-wasm @expo-google-fonts/pt-sans");
    expect((error as Error).cause).toBeDefined();
  });
});
