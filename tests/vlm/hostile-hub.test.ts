/** A hub that answers wrongly: nothing damaged stays in the cache, a stop is heard, and once it is mended the same call works. */
import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { env } from "@huggingface/transformers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RecoupError } from "../../src/core/index.js";
import { download } from "../../src/vlm/transformers/node/download.js";
import { loadVlm } from "../../src/vlm/transformers/node/index.js";
import { withExternal } from "./external-model.js";
import { ENDING, ENDLESS, type Hub, openHub, RIGHT } from "./hostile-hub.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
let hub: Hub;
let cache: string;
const before = { ...env };

beforeAll(async () => {
  hub = await openHub();
  env.remoteHost = hub.address;
  env.allowRemoteModels = true;
});
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "recoup-hostile-"));
  env.cacheDir = cache;
});
afterEach(() => {
  hub.behave("", undefined);
  hub.own.clear();
  env.allowRemoteModels = true;
  rmSync(cache, { recursive: true, force: true });
});
afterAll(() => {
  Object.assign(env, { remoteHost: before.remoteHost, cacheDir: before.cacheDir });
  hub.close();
});

/** All files of a folder, by their way from there. */
function filesIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true }) as string[];
  return names.filter((name) => statSync(join(folder, name)).isFile());
}

/** Every file of the cache is the hub's, whole. */
function expectWhole(): void {
  for (const path of filesIn(cache))
    expect([path, readFileSync(join(cache, path)).equals(hub.file(path))]).toEqual([path, true]);
}

/** Tells a stop that is heard from a hang, on a machine that does much else, too; alone it takes milliseconds. */
const SOON = 30_000;

/** Files that recoup parses, that only transformers.js reads, that the CLIP tower has; of weights the ones of both kinds. */
const FILES = [
  "maker/tiny/config.json",
  "maker/tiny/generation_config.json",
  "maker/tiny/tokenizer.json",
  "maker/tiny-clip/tokenizer_config.json",
  "maker/tiny/onnx/vision_encoder.onnx",
  "maker/tiny/onnx/decoder_model_merged.onnx",
  "maker/tiny-clip/onnx/text_model.onnx",
];
/** Without them a model is another one, but a model. */
const OPTIONAL = ["maker/tiny/generation_config.json"];

describe.each(Object.entries(ENDING))("%s", (name, behavior) => {
  it("is refused with the file's name; then the same call works", async () => {
    for (const file of FILES) {
      if (name === "status 404" && OPTIONAL.includes(file)) continue;
      // What is no LFS file has neither length nor hash beside its content.
      if (/same length|bomb/.test(name) && file.endsWith("generation_config.json")) continue;
      rmSync(join(cache, file), { force: true });
      hub.behave(file, behavior);
      const error = await loadVlm("maker/tiny").then(
        () => undefined,
        (error: Error) => error,
      );
      expect([file, RecoupError.isInstance(error), error?.message]).toEqual([
        file,
        true,
        expect.stringMatching(
          new RegExp(`${file.split("/").slice(2).join("/")} (of|in) ${file.split("/").slice(0, 2).join("/")}`),
        ),
      ]);
      expect(error?.message).not.toMatch(/\n/);
      expect(error?.message.length).toBeLessThan(400);
      expectWhole();
    }
    hub.behave("", undefined);
    await (await loadVlm("maker/tiny")).dispose();
    expectWhole();
  });
});

describe.each(Object.entries(ENDLESS))("%s", (_, behavior) => {
  it("ends soon after a stop, and does not hold up the next call", async () => {
    for (const file of [
      "maker/tiny/config.json",
      "maker/tiny/tokenizer.json",
      "maker/tiny/onnx/decoder_model_merged.onnx",
    ]) {
      rmSync(join(cache, file), { force: true });
      hub.behave(file, behavior);
      const stop = new AbortController();
      const reason = new Error("enough");
      const loading = loadVlm("maker/tiny", { signal: stop.signal });
      const ended = loading.then(
        () => undefined,
        (error: Error) => error,
      );
      await new Promise((resolve) => setTimeout(resolve, 500));
      const start = performance.now();
      stop.abort(reason);
      const error = await ended;
      // A text without an end is too long before anybody stops it.
      if (!RecoupError.isInstance(error)) expect(error).toBe(reason);
      expect(performance.now() - start).toBeLessThan(SOON);
      expectWhole();
    }
    hub.behave("", undefined);
    await (await loadVlm("maker/tiny")).dispose();
    expectWhole();
  });
});

it.each(Object.entries(RIGHT))("takes %s", async (_, behavior) => {
  hub.behave("", behavior);
  await (await loadVlm("maker/tiny")).dispose();
  expectWhole();
});

it("takes weights beside a model, whole", async () => {
  const path = "maker/tiny/onnx/embed_tokens.onnx";
  const data = "maker/tiny/onnx/embed_tokens.onnx_data";
  const weights = hub.file(path);
  hub.own.set(data, weights).set(path, Buffer.from(await withExternal(weights, "embed_tokens.onnx_data")));
  for (const [name, behavior] of Object.entries(ENDING)) {
    // Longer than need be is no fault of weights, and a bomb may be long.
    if (/206|bomb/.test(name)) continue;
    hub.behave(data, behavior);
    await expect(loadVlm("maker/tiny"), name).rejects.toThrow(/embed_tokens.onnx_data of maker\/tiny/);
    expectWhole();
  }
  hub.behave("", undefined);
  await (await loadVlm("maker/tiny")).dispose();
  expectWhole();
});

/** D2: a manifest.json names what the hub has, and nothing of this machine. */
it.each([
  "/etc",
  "../../../../etc",
  "/models/tiny-clip",
  "file:///etc",
  "C:\\models",
  "a/b/c/../../../../d",
  "..",
  "https://x/y",
])("refuses a hub's manifest.json that names CLIP files at %s", async (clip) => {
  const manifest = JSON.parse(hub.file("maker/tiny/manifest.json").toString());
  hub.own.set("maker/tiny/manifest.json", Buffer.from(JSON.stringify({ ...manifest, clip })));
  await expect(loadVlm("maker/tiny")).rejects.toThrow(/clip in manifest.json of maker\/tiny as a model id or a folder/);
});

it("takes the id in a hub's manifest.json from the hub, though there is such a folder", async () => {
  const manifest = JSON.parse(hub.file("maker/tiny/manifest.json").toString());
  // In the root of this project, a folder.
  hub.own.set("maker/tiny/manifest.json", Buffer.from(JSON.stringify({ ...manifest, clip: "models/tiny-clip" })));
  expect(existsSync("models/tiny-clip")).toBe(true);
  await expect(loadVlm("maker/tiny")).rejects.toThrow(/(of|in) models\/tiny-clip, got none/);
});

it("takes CLIP files in a folder of the repository", async () => {
  const manifest = JSON.parse(hub.file("maker/tiny/manifest.json").toString());
  hub.own.set("maker/tiny/manifest.json", Buffer.from(JSON.stringify({ ...manifest, clip: "./clip" })));
  for (const path of [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "onnx/text_model.onnx",
    "onnx/vision_model.onnx",
  ]) {
    hub.own.set(`maker/tiny/clip/${path}`, hub.file(`maker/tiny-clip/${path}`));
  }
  await (await loadVlm("maker/tiny")).dispose();
  expectWhole();
  expect(filesIn(cache)).toContain("maker/tiny/clip/onnx/text_model.onnx");
});

it("stops what else is under way when one file fails", async () => {
  let closed = 0;
  hub.behave("", (bytes, response, request) => {
    if (!request.url?.endsWith(".onnx")) {
      return request.url?.endsWith("tiny/resolve/main/tokenizer.json")
        ? response.writeHead(500).end()
        : response.end(bytes);
    }
    response.setHeader("content-length", bytes.length).flushHeaders();
    response.on("close", () => closed++);
  });
  await expect(loadVlm("maker/tiny")).rejects.toThrow(/tokenizer.json of maker\/tiny from 127.0.0.1:\d+, got 500/);
  await expect.poll(() => closed).toBeGreaterThan(0);
});

it("knows no model without an optional file that is not there, and one with it where it is", async () => {
  hub.behave("maker/tiny/generation_config.json", ENDING["status 404"]);
  await (await loadVlm("maker/tiny")).dispose();
  expect(filesIn(cache)).not.toContain("maker/tiny/generation_config.json");
  hub.behave("maker/tiny/generation_config.json", undefined);
  await (await loadVlm("maker/tiny")).dispose();
  expect(filesIn(cache)).toContain("maker/tiny/generation_config.json");
});

it.each(["maker/tiny/config.json", "maker/tiny/tokenizer.json", "maker/tiny/onnx/decoder_model_merged.onnx"])(
  "downloads again what others have left damaged in the cache: %s",
  async (file) => {
    await (await loadVlm("maker/tiny")).dispose();
    writeFileSync(join(cache, file), "<!doctype html>");
    env.allowRemoteModels = false;
    const path = file.split("/").slice(2).join("/");
    await expect(loadVlm("maker/tiny")).rejects.toThrow(`${path} of maker/tiny`);
    env.allowRemoteModels = true;
    await (await loadVlm("maker/tiny")).dispose();
    expectWhole();
  },
);

/** A program that loads the model from the hub into the cache. */
const PROGRAM = `
import { env } from "@huggingface/transformers";
import { loadVlm } from ${JSON.stringify(pathToFileURL(join(root, "dist/vlm/transformers/node/index.js")).href)};
Object.assign(env, JSON.parse(process.argv[1]));
await loadVlm("maker/tiny");
`;

/** The child's status or signal. */
const ended = (child: ChildProcess) =>
  new Promise<unknown>((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));

it("removes what killed downloads have left, and nothing of others", async () => {
  hub.behave("vision_encoder.onnx", ENDLESS["a byte now and then"]);
  const settings = JSON.stringify({ remoteHost: hub.address, cacheDir: cache });
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM, settings], {
    cwd: root,
    stdio: "ignore",
  });
  const folder = join(cache, "maker/tiny/onnx");
  const parts = () => filesIn(cache).filter((name) => name.endsWith(".part"));
  await expect.poll(parts, { timeout: 20_000 }).toContainEqual(expect.stringContaining("tiny/onnx"));
  child.kill("SIGKILL");
  await ended(child);
  expect(parts()).not.toEqual([]);
  const [old, young] = [join(folder, "decoder.onnx.tmp.1.a"), join(folder, ".recoup-b.tmp")];
  for (const file of [old, young]) writeFileSync(file, "");
  utimesSync(old, 0, 0);
  hub.behave("", undefined);
  await (await loadVlm("maker/tiny")).dispose();
  const left = filesIn(cache).filter((name) => !name.endsWith(".json") && !name.endsWith(".onnx"));
  expect(left).toEqual([relative(cache, young)]);
});

it("gives up a server that sends nothing for longer than anybody waits", async () => {
  for (const [, behavior] of Object.entries(ENDLESS).slice(0, 2)) {
    hub.behave("config.json", behavior);
    const file = join(cache, "config.json");
    const given = {
      address: new URL("maker/tiny/resolve/main/config.json", hub.address),
      ...{ file, name: "config.json of maker/tiny", most: 1e6, silence: 200, progress() {}, fetch },
      headers: () => ({}),
      check: async () => {},
    };
    await expect(download(given)).rejects.toThrow(/config.json of maker\/tiny.*nothing for 0.2 s/);
    expect(readdirSync(cache)).toEqual([]);
  }
});

it.each(["SIGINT", "SIGTERM"] as const)("ends the command by %s while it downloads", async (signal) => {
  hub.behave("maker/tiny/onnx/decoder_model_merged.onnx", ENDLESS["a byte now and then"]);
  const preload = join(cache, "settings.mjs");
  const library = pathToFileURL(join(root, "node_modules/@huggingface/transformers/dist/transformers.node.mjs")).href;
  const settings = { remoteHost: hub.address, cacheDir: join(cache, "models") };
  writeFileSync(
    preload,
    `import { env } from ${JSON.stringify(library)};\nObject.assign(env, ${JSON.stringify(settings)});\n`,
  );
  const words = ["dist/cli/main.js", "ask", "examples/scene.png", "what?", "--model", "maker/tiny"];
  const child = spawn(process.execPath, ["--import", pathToFileURL(preload).href, ...words], {
    cwd: root,
    stdio: "ignore",
  });
  const asked = hub.asked.length;
  await expect
    .poll(() => hub.asked.slice(asked), { timeout: 20_000 })
    .toContain("maker/tiny/onnx/decoder_model_merged.onnx");
  const end = ended(child);
  const start = performance.now();
  child.kill(signal);
  expect(await end).toBe(130);
  expect(performance.now() - start).toBeLessThan(SOON);
  expect(filesIn(cache).filter((name) => name.endsWith(".part"))).toEqual([]);
});
