/** A hub that answers wrongly, for a page in a real browser: nothing damaged stays in its cache, and a stop is heard. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { ENDING, ENDLESS, type Hub, openHub, sha256 } from "../vlm/hostile-hub.js";
import { chromium, withPage } from "./chromium.js";
import { writePage } from "./model-page.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "recoup-hostile-browser-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Tells a stop that is heard from a hang, on a machine that does much else, too; alone it takes milliseconds. */
const SOON = 30_000;

const FILES = ["maker/tiny/config.json", "maker/tiny/tokenizer.json", "maker/tiny/onnx/decoder_model_merged.onnx"];

const PROGRAM = `
import * as transformers from "@huggingface/transformers";
import { loadVlm } from ${JSON.stringify(join(root, "dist/vlm/transformers/browser/load.js"))};
const { env } = transformers;
env.allowLocalModels = false;
env.allowRemoteModels = true;
env.remoteHost = location.origin + "/";
env.backends.onnx.wasm.wasmPaths = "/runtime/";
env.backends.onnx.wasm.numThreads = 1;
const tell = (path, value) => fetch(path, { method: "POST", body: JSON.stringify(value) });
const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
/** What the cache has, by its path on the hub, with its hash. */
async function kept() {
  const cache = await caches.open(env.cacheKey);
  const all = {};
  for (const { url } of await cache.keys()) {
    const bytes = await (await cache.match(url)).arrayBuffer();
    all[url.replace(/.*?\\/\\/[^/]+\\//, "").replace("/resolve/main/", "/")] = hex(await crypto.subtle.digest("SHA-256", bytes));
  }
  return all;
}
const load = (options) => loadVlm("maker/tiny", { transformers, dtype: "fp32", ...options });
const results = [];
try {
  for (const { name, file, isEndless, useBrowserCache } of await (await fetch("/plan")).json()) {
    env.useBrowserCache = useBrowserCache;
    await caches.delete(env.cacheKey);
    await tell("/behave", { name, file });
    const stop = new AbortController();
    let start = performance.now();
    if (isEndless) setTimeout(() => { start = performance.now(); stop.abort(new Error("enough")); }, 500);
    const error = await load({ signal: stop.signal }).then(() => undefined, (error) => error);
    const ms = performance.now() - start;
    results.push({ name, file, isEndless, ms, error: error?.name, message: error?.message, kept: await kept() });
  }
  for (const useBrowserCache of [true, false]) {
    env.useBrowserCache = useBrowserCache;
    await tell("/behave", {});
    const vlm = await load();
    const { answer } = await vlm.ask({ image: "/examples/scene.png", question: "What color is the star?" }).result;
    results.push({ name: "mended", answer, kept: await kept() });
    await vlm.dispose();
  }
  await tell("/result", { results });
} catch (error) {
  await tell("/result", { results, error: String(error.stack ?? error) });
}
`;

interface Result {
  readonly name: string;
  readonly file?: string;
  readonly isEndless?: boolean;
  readonly ms?: number;
  readonly error?: string;
  readonly message?: string;
  readonly answer?: string;
  readonly kept: Readonly<Record<string, string>>;
}

/** A browser asks for gzip itself. A page is taken for no file, since servers of single pages answer with theirs; hashes and foreign redirects a page cannot see. */
const NOT_SEEN = /git's hash|gzip that|same length|linked length|redirect to (a file|nothing|another)|status 404|206/;
const PLAN = [
  ...Object.keys(ENDING)
    .filter((name) => !NOT_SEEN.test(name))
    .flatMap((name) => FILES.map((file) => ({ name, file, isEndless: false, useBrowserCache: true }))),
  // Of a file that is sent whole for a part, and of another, what matters is that nothing stays.
  ...Object.keys(ENDLESS).flatMap((name) =>
    FILES.flatMap((file) => [true, false].map((useBrowserCache) => ({ name, file, isEndless: true, useBrowserCache }))),
  ),
];

it.skipIf(chromium === undefined)(
  "keeps nothing damaged in Chromium, and hears a stop",
  { timeout: 300_000 },
  async () => {
    await writePage(folder, PROGRAM);
    let finish: (value: { results: Result[]; error?: string }) => void;
    const done = new Promise<{ results: Result[]; error?: string }>((resolve) => {
      finish = resolve;
    });
    let hub: Hub;
    const page = async (request: IncomingMessage, response: ServerResponse) => {
      const url = decodeURIComponent((request.url ?? "/").split("?")[0]);
      if (request.method === "POST") {
        let body = "";
        for await (const part of request) body += part;
        const said = JSON.parse(body);
        if (url === "/result") finish(said);
        else hub.behave(said.file ?? "", { ...ENDING, ...ENDLESS }[said.name as string]);
        return response.end();
      }
      if (url === "/plan") return response.end(JSON.stringify(PLAN));
      const place = url.startsWith("/runtime/")
        ? join(root, "node_modules/onnxruntime-web/dist", normalize(url.slice(9)))
        : join(url.startsWith("/examples/") ? root : folder, normalize(url));
      if (!existsSync(place)) return response.writeHead(404).end();
      const types = { html: "text/html", js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm" };
      const type = types[place.split(".").at(-1) as keyof typeof types] ?? "application/octet-stream";
      response.setHeader("content-type", type).end(readFileSync(place));
    };
    hub = await openHub((request, response) => void page(request, response));
    try {
      const { results, error } = await withPage(`${hub.address}page.html`, ["--disable-gpu"], done);
      expect(error).toBeUndefined();
      expect(results.map(({ name }) => name)).toEqual([...PLAN.map(({ name }) => name), "mended", "mended"]);
      for (const { name, file, isEndless, ms, error, message, answer, kept } of results) {
        for (const [path, hash] of Object.entries(kept))
          expect([name, path, hash]).toEqual([name, path, sha256(hub.file(path))]);
        if (name === "mended") expect(answer).toBe("green");
        else if (isEndless && message === "enough")
          expect([name, file, (ms as number) < SOON]).toEqual([name, file, true]);
        else {
          expect([name, file, error]).toEqual([name, file, expect.stringMatching(/^(InvalidInputError|FormatError)$/)]);
          expect([name, message]).toEqual([
            name,
            expect.stringContaining((file as string).split("/").at(-1) as string),
          ]);
        }
      }
    } finally {
      hub.close();
    }
  },
);
