/** What a caller hears while a model is loaded: from a hub on this machine, from a folder, from one that breaks. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { env } from "@huggingface/transformers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { InvalidInputError } from "../../src/core/index.js";
import { type LoadProgress, loadVlm } from "../../src/vlm/transformers/node/index.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const MODELS: Readonly<Record<string, string>> = {
  "maker/tiny": "models/tiny",
  "maker/tiny-clip": "models/tiny-clip",
  "maker/smolvlm": "tests/golden/families/smolvlm",
};
const before = { remoteHost: env.remoteHost, cacheDir: env.cacheDir, allowRemoteModels: env.allowRemoteModels };
const cache = mkdtempSync(join(tmpdir(), "recoup-progress-"));
let server: Server;
let saysLength = true;

beforeAll(async () => {
  server = createServer((request, response) => {
    const [, id, path] = /^\/([^/]+\/[^/]+)\/resolve\/main\/(.+)$/.exec(request.url ?? "") ?? [];
    const file = join(root, MODELS[id] ?? "nowhere", path ?? "nothing");
    if (!existsSync(file)) return response.writeHead(404).end();
    const bytes = readFileSync(file);
    if (saysLength) response.setHeader("content-length", bytes.length);
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  env.remoteHost = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  env.allowRemoteModels = true;
  env.cacheDir = cache;
});
afterAll(() => {
  Object.assign(env, before);
  server.close();
  rmSync(cache, { recursive: true });
});

const KEYS: Readonly<Record<string, readonly string[]>> = {
  download: ["phase", "model", "file", "loaded", "total", "share"],
  prepare: ["phase", "model", "file"],
  session: ["phase", "model", "file"],
  ready: ["phase"],
};

/** Loads a model, and checks what holds of all events. */
async function heard(source: string): Promise<LoadProgress[]> {
  const events: LoadProgress[] = [];
  const vlm = await loadVlm(source, { progress: (event) => events.push(event) });
  const count = events.length;
  await vlm.ask({ question: "what is it?", maxNewTokens: 1 });
  await vlm.dispose();
  expect(events).toHaveLength(count);
  expect(events.at(-1)).toEqual({ phase: "ready" });
  const loaded = new Map<string, number>();
  let share = 0;
  for (const event of events) {
    expect(KEYS[event.phase]).toEqual(Object.keys(event));
    if (event.phase !== "download") continue;
    const id = `${event.model} ${event.file}`;
    expect(event.loaded).toBeGreaterThan(loaded.get(id) ?? 0);
    expect(event.loaded).toBeLessThanOrEqual(event.total ?? Number.POSITIVE_INFINITY);
    loaded.set(id, event.loaded);
    expect(event.share ?? share).toBeGreaterThanOrEqual(share);
    share = event.share ?? share;
    expect(share).toBeLessThanOrEqual(1);
  }
  expect(share).toBe(1);
  return events;
}

/** Files of a phase. */
const filesOf = (events: readonly LoadProgress[], phase: LoadProgress["phase"]) =>
  events.flatMap((event) => (event.phase === phase && "file" in event ? [`${event.model}/${event.file}`] : []));

it("tells of a download, the split and the sessions, and then that it is ready", async () => {
  const events = await heard("maker/tiny");
  for (const file of ["tiny/onnx/vision_encoder.onnx", "tiny-clip/onnx/vision_model.onnx", "tiny/tokenizer.json"]) {
    expect(filesOf(events, "download"), file).toContain(`maker/${file}`);
  }
  expect(filesOf(events, "prepare")).toEqual(["maker/tiny/onnx/vision_encoder.onnx"]);
  expect(filesOf(events, "session").sort()).toEqual([
    "maker/tiny-clip/onnx/text_model.onnx",
    "maker/tiny-clip/onnx/vision_model.onnx",
    "maker/tiny/onnx/decoder_model_merged.onnx",
    "maker/tiny/onnx/embed_tokens.onnx",
    "maker/tiny/onnx/vision_encoder.onnx",
    "maker/tiny/onnx/vision_encoder.onnx",
  ]);
  const sizes = events.filter((event) => event.phase === "download" && event.loaded === event.total);
  expect(sizes.length).toBeGreaterThan(5);
});

it("tells of files that are there already, in the cache and in a folder", async () => {
  for (const source of ["maker/tiny", join(root, "models/tiny")]) {
    const events = await heard(source);
    expect(filesOf(events, "download").some((file) => file.endsWith("onnx/vision_encoder.onnx"))).toBe(true);
    expect(filesOf(events, "session")).toHaveLength(6);
  }
});

it("tells of families that are not split, and of servers that say no length", async () => {
  saysLength = false;
  const events = await heard("maker/smolvlm");
  expect(filesOf(events, "prepare")).toEqual([]);
  expect(filesOf(events, "session")).toContain("maker/smolvlm/onnx/decoder_model_merged.onnx");
});

it("is silent after a failure, and fails with what a listener throws", async () => {
  let events = 0;
  const progress = () => {
    events++;
    throw new Error("mine");
  };
  await expect(loadVlm("tiny", { progress })).rejects.toThrow(/^mine$/);
  expect(events).toBe(1);
  for (const wrong of [{ progress: 5 }, { warn: "x" }, { dtype: 5 }, { device: [] }, { transformers: {} }]) {
    await expect(loadVlm("tiny", wrong as never)).rejects.toThrow(InvalidInputError);
  }
});
