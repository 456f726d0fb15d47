/** The bundled model in a real browser, from a server without ranges and one with: the answer and the plan of Node. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { afterAll, expect, it } from "vitest";
import { type LoadProgress, loadVlm } from "../../src/vlm/transformers/node/index.js";
import { chromium, withPage } from "./chromium.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "recoup-vlm-browser-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PROGRAM = `
import * as transformers from "@huggingface/transformers";
import { loadVlm } from ${JSON.stringify(join(root, "dist/vlm/transformers/browser/load.js"))};
const { env } = transformers;
env.allowRemoteModels = false;
env.allowLocalModels = true;
env.localModelPath = "/models/";
env.useBrowserCache = false;
env.backends.onnx.wasm.wasmPaths = "/runtime/";
env.backends.onnx.wasm.numThreads = 1;
const report = (result) => fetch("/result", { method: "POST", body: JSON.stringify(result) });
try {
  const events = [];
  const vlm = await loadVlm("tiny", { transformers, dtype: "fp32", progress: (event) => events.push(event) });
  const asked = vlm.ask({ image: "/examples/scene.png", question: "What color is the star?" });
  let text = "";
  for await (const piece of asked) text += piece;
  const { answer, tokens, plans } = await asked.result;
  const bitmap = await createImageBitmap(await (await fetch("/examples/scene.png")).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  const forms = [bitmap, canvas, canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)];
  const asks = forms.map((image) => vlm.ask({ image, question: "What color is the star?", maxNewTokens: 3 }));
  // What is drawn after the call is not asked about.
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  bitmap.close();
  const others = (await Promise.all(asks)).map(({ answer }) => answer);
  const bad = await vlm.ask({ image: "/README.md", question: "a" }).result.catch((error) => error.name);
  const missing = (name) => loadVlm(name, { transformers }).catch((error) => error.message);
  const ghosts = [await missing("ghost"), await missing("ghost-404")];
  await report({ text, answer, tokens, anchor: [...plans[0].anchor], bad, ghosts, others, events });
} catch (error) {
  await report({ error: String(error.stack ?? error) });
}
`;

/** What a page gets: files of this project, the runtime, the program. */
const PLACES: readonly (readonly [prefix: string, folder: string])[] = [
  ["/models/", join(root, "models")],
  ["/examples/", join(root, "examples")],
  ["/runtime/", join(root, "node_modules/onnxruntime-web/dist")],
  ["/", folder],
];
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".png": "image/png",
};

it.skipIf(chromium === undefined)("asks in Chromium as in Node", { timeout: 180_000 }, async () => {
  const input = join(folder, "program.js");
  writeFileSync(input, PROGRAM);
  const build = await rolldown({
    input,
    platform: "browser",
    logLevel: "silent",
    resolve: { modules: [join(root, "node_modules")] },
  });
  await build.write({ dir: join(folder, "built"), format: "esm" });
  await build.close();
  writeFileSync(join(folder, "page.html"), '<!doctype html><script type="module" src="/built/program.js"></script>');
  let finish: (result: Record<string, unknown>) => void;
  const done = new Promise<Record<string, unknown>>((resolve) => {
    finish = resolve;
  });
  const server = createServer((request, response) => {
    const url = decodeURIComponent((request.url ?? "/").split("?")[0]);
    if (url === "/result") {
      let body = "";
      request.on("data", (part) => {
        body += part;
      });
      request.on("end", () => {
        response.end();
        finish(JSON.parse(body));
      });
      return;
    }
    const [prefix, place] = PLACES.find(([prefix]) => url.startsWith(prefix)) ?? PLACES[0];
    const file = join(place, normalize(url.slice(prefix.length)));
    if (!existsSync(file) || !statSync(file).isFile()) {
      // As Vite's servers do for pages of one application: the page instead of a file that is not there.
      if (url.includes("404")) return response.writeHead(404).end();
      return response.setHeader("content-type", "text/html").end("<!doctype html>");
    }
    response.setHeader("content-type", TYPES[/\.\w+$/.exec(file)?.[0] ?? ""] ?? "application/octet-stream");
    const bytes = readFileSync(file);
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    // CLIP's file is sent without ranges, as simple servers do.
    if (range === null || file.includes("tiny-clip")) return response.end(bytes);
    // As sirv does, which Vite's servers use: an end of 0 counts as none.
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]) || Infinity, bytes.length - 1)];
    response.writeHead(206, { "content-range": `bytes ${start}-${end}/${bytes.length}` });
    response.end(bytes.subarray(start, end + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const result = await withPage(`http://127.0.0.1:${port}/page.html`, ["--disable-gpu"], done);
    expect(result.error).toBeUndefined();
    const vlm = await loadVlm("tiny");
    const asked = { image: join(root, "examples/scene.png"), question: "What color is the star?" };
    const { answer, tokens, plans } = await vlm.ask(asked).result;
    await vlm.dispose();
    expect(result).toMatchObject({ answer, tokens, anchor: [...plans[0].anchor], bad: "InvalidInputError" });
    expect(result.others).toEqual([answer, answer, answer]);
    const events = result.events as readonly LoadProgress[];
    expect(new Set(events.map(({ phase }) => phase))).toEqual(new Set(["download", "prepare", "session", "ready"]));
    expect(events.at(-1)).toEqual({ phase: "ready" });
    // Its parts are read by ranges, as they are needed.
    const read = events.filter((event) => event.phase === "download" && event.file.endsWith("vision_encoder.onnx"));
    expect(read.length).toBeGreaterThan(2);
    expect(events.findLast(({ phase }) => phase === "download")).toMatchObject({ share: 1 });
    expect(String(result.text).trim()).toBe("green");
    expect(result.ghosts).toEqual([
      expect.stringMatching(/config.json in .*ghost\/.*, got none/),
      expect.stringMatching(/config.json in .*ghost-404\/.*, got none/),
    ]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
