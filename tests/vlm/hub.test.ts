/** Models by their ids from a hub: a server on this machine with the layout of one, and the host's own cache. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { env } from "@huggingface/transformers";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { InvalidInputError } from "../../src/core/index.js";
import { loadVlm } from "../../src/vlm/transformers/node/index.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Folders of this project as models of a hub. */
const MODELS: Readonly<Record<string, string>> = {
  "maker/tiny": "models/tiny",
  "maker/tiny-clip": "models/tiny-clip",
  "maker/smolvlm": "tests/golden/families/smolvlm",
};
const scene = join(root, "examples/scene.png");

let server: Server;
let asked: string[] = [];
/** Ends the connection after this many bytes of the vision encoder. */
let cutAt = Number.POSITIVE_INFINITY;
let cache: string;
const before = { ...env };

beforeAll(async () => {
  server = createServer((request, response) => {
    const [, id, path] = /^\/([^/]+\/[^/]+)\/resolve\/main\/(.+)$/.exec(request.url ?? "") ?? [];
    const file = join(root, MODELS[id] ?? "nowhere", path ?? "nothing");
    asked.push(`${id}/${path}${request.headers.range === undefined ? "" : ` ${request.headers.range}`}`);
    if (!existsSync(file)) return response.writeHead(404).end();
    const bytes = readFileSync(file);
    response.setHeader("content-length", bytes.length);
    if (path.includes("vision_encoder") && cutAt < bytes.length) {
      response.write(bytes.subarray(0, cutAt), () => response.destroy());
    } else response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  env.remoteHost = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  env.allowRemoteModels = true;
});
beforeEach(() => {
  asked = [];
  cutAt = Number.POSITIVE_INFINITY;
  cache = mkdtempSync(join(tmpdir(), "recoup-hub-"));
  env.cacheDir = cache;
});
afterAll(() => {
  Object.assign(env, { remoteHost: before.remoteHost, cacheDir: before.cacheDir });
  server.close();
});

it("downloads a model and the CLIP model that it names, once, and then needs no hub", async () => {
  const files: string[] = [];
  const vlm = await loadVlm("maker/tiny", {
    progress: (event) => files.push((event as { file?: string }).file ?? ""),
  });
  const { answer } = await vlm.ask({ image: scene, question: "What color is the star?" }).result;
  expect(answer).toBe("green");
  await vlm.dispose();
  expect(files).toContain("onnx/vision_encoder.onnx");
  expect(asked).toContain("maker/tiny-clip/onnx/vision_model.onnx");
  expect(readdirSync(join(cache, "maker/tiny/onnx")).sort()).toEqual([
    "decoder_model_merged.onnx",
    "embed_tokens.onnx",
    "vision_encoder.onnx",
  ]);
  const weights = asked.filter((path) => path.endsWith("vision_encoder.onnx") || path.endsWith("vision_model.onnx"));
  // The host asks with a range of one byte how long files are; the whole is sent once.
  expect(weights.sort()).toEqual(["maker/tiny-clip/onnx/vision_model.onnx", "maker/tiny/onnx/vision_encoder.onnx"]);
  env.allowRemoteModels = false;
  try {
    const again = await loadVlm("maker/tiny");
    await again.dispose();
  } finally {
    env.allowRemoteModels = true;
  }
  rmSync(cache, { recursive: true });
});

it("loads a family without a class token", async () => {
  const vlm = await loadVlm("maker/smolvlm");
  expect((await vlm.ask({ image: scene, question: "what is it?", maxNewTokens: 2 }).result).tokens.source).toBe(20);
  await vlm.dispose();
  rmSync(cache, { recursive: true });
});

it("leaves nothing half-written when the connection ends, and says which file", async () => {
  cutAt = 1_000_000;
  await expect(loadVlm("maker/tiny")).rejects.toThrow(/vision_encoder.onnx/);
  const left = existsSync(join(cache, "maker/tiny/onnx")) ? readdirSync(join(cache, "maker/tiny/onnx")) : [];
  expect(left.filter((name) => name.includes("vision") || name.includes("tmp"))).toEqual([]);
  cutAt = Number.POSITIVE_INFINITY;
  await (await loadVlm("maker/tiny")).dispose();
  rmSync(cache, { recursive: true });
});

it("refuses what is not there, and a stop before anything is downloaded", async () => {
  await expect(loadVlm("maker/ghost")).rejects.toThrow(InvalidInputError);
  await expect(loadVlm("maker/ghost")).rejects.toThrow(/config.json in maker\/ghost, got none/);
  await expect(loadVlm("maker/tiny", { clip: "maker/ghost" })).rejects.toThrow(/maker\/ghost/);
  await expect(loadVlm("maker/tiny", { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  env.remoteHost = "http://127.0.0.1:9/";
  await expect(loadVlm("maker/other")).rejects.toThrow(/config.json of maker\/other from 127.0.0.1:9/);
  rmSync(cache, { recursive: true });
});
