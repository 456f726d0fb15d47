/**
 * The packed library as the dependency of a Vite app, by the lines of docs/browser.md: in Vite's dev server, and built in its preview server.
 * Both answer with the app's page where there is no file, and sirv, which preview uses, takes a range of one byte for the whole file.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type InlineConfig, preview, createServer as viteServer } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadVlm } from "../../src/vlm/transformers/node/index.js";
import { chromium, withPage } from "./chromium.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "recoup-vite-"));
const app = join(folder, "app");
const QUESTION = "What color is the star?";

/** The lines of the guide that load a model from the page's own server. */
const GUIDE = /## Everything from your own server[\s\S]*?```js\n([\s\S]*?)```/.exec(
  readFileSync(join(root, "docs/browser.md"), "utf8"),
)?.[1];

const WORKER = `${GUIDE?.replace(/;\s*\/\/.*$/m, ";")}
env.backends.onnx.wasm.numThreads = 1;
self.onmessage = async ({ data: { image, question } }) => {
  try {
    const asked = (await loading).ask({ image, question });
    let text = "";
    for await (const piece of asked) text += piece;
    const { answer, tokens, plans } = await asked;
    const ghost = await loadVlm("ghost").catch((error) => error.message);
    self.postMessage({ text, answer, tokens, anchor: [...plans[0].anchor], ghost });
  } catch (error) {
    self.postMessage({ error: String(error.stack ?? error) });
  }
};
self.postMessage("ready");
`;

let reports: Server;
let finish: (result: Record<string, unknown>) => void;

beforeAll(async () => {
  reports = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    response.end();
    if (body !== "") finish(JSON.parse(body));
  });
  await new Promise<void>((resolve) => reports.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(reports.address() as AddressInfo).port}/`;
  const main = `
const tell = (result) => fetch(${JSON.stringify(address)}, { method: "POST", mode: "no-cors", body: JSON.stringify(result) });
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
worker.onerror = ({ message }) => tell({ error: message ?? "the worker" });
worker.onmessage = async ({ data }) => {
  if (data !== "ready") return tell(data);
  worker.postMessage({ image: await (await fetch("/scene.png")).blob(), question: ${JSON.stringify(QUESTION)} });
};
`;
  mkdirSync(join(app, "src"), { recursive: true });
  mkdirSync(join(app, "node_modules/@huggingface"), { recursive: true });
  writeFileSync(join(app, "package.json"), '{ "type": "module" }');
  writeFileSync(join(app, "index.html"), '<!doctype html><script type="module" src="/src/main.js"></script>');
  writeFileSync(join(app, "src/main.js"), main);
  writeFileSync(join(app, "src/worker.js"), WORKER);
  for (const name of ["tiny", "tiny-clip"]) {
    cpSync(join(root, "models", name), join(app, "public/models", name), { recursive: true });
  }
  cpSync(join(root, "examples/scene.png"), join(app, "public/scene.png"));
  const { status, stderr } = spawnSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  const archive = readdirSync(folder).find((name) => name.endsWith(".tgz")) as string;
  expect(spawnSync("tar", ["xzf", archive], { cwd: folder }).status).toBe(0);
  renameSync(join(folder, "package"), join(app, "node_modules/recoup"));
  for (const name of ["@huggingface/transformers", "onnxruntime-web"]) {
    symlinkSync(join(root, "node_modules", name), join(app, "node_modules", name), "junction");
  }
}, 60_000);
afterAll(() => {
  reports.close();
  rmSync(folder, { recursive: true, force: true });
});

const CONFIG: InlineConfig = {
  root: app,
  configFile: false,
  logLevel: "error",
  // Links to this project's packages lead out of the app.
  server: { host: "127.0.0.1", port: 0, fs: { allow: [app, root] }, hmr: false },
  preview: { host: "127.0.0.1", port: 0 },
};

/** Opens the app in a browser that reaches nothing but this machine. */
async function opened(server: { address(): unknown } | null): Promise<Record<string, unknown>> {
  const { port } = (server as Server).address() as AddressInfo;
  const done = new Promise<Record<string, unknown>>((resolve) => {
    finish = resolve;
  });
  const flags = ["--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];
  return withPage(`http://127.0.0.1:${port}/`, flags, done);
}

describe.skipIf(chromium === undefined)("a Vite app", () => {
  let expected: object;
  beforeAll(async () => {
    const vlm = await loadVlm("tiny");
    const { answer, tokens, plans } = await vlm.ask({ image: join(root, "examples/scene.png"), question: QUESTION });
    await vlm.dispose();
    const ghost = expect.stringMatching(/config.json in ghost, got none/);
    expected = { answer, text: expect.stringContaining("green"), tokens, anchor: [...plans[0].anchor], ghost };
  });

  it("answers in the dev server as in Node", { timeout: 240_000 }, async () => {
    const server = await viteServer(CONFIG);
    try {
      await server.listen();
      expect(await opened(server.httpServer)).toEqual(expected);
    } finally {
      await server.close();
    }
  });

  it("answers when it is built, in the preview server", { timeout: 240_000 }, async () => {
    await build(CONFIG);
    const server = await preview(CONFIG);
    try {
      // The fault that this is about: half of what was asked for would be read as the whole.
      const { port } = server.httpServer.address() as AddressInfo;
      const address = `http://127.0.0.1:${port}/models/tiny/onnx/vision_encoder.onnx`;
      const probe = await fetch(address, { headers: { Range: "bytes=0-0" } });
      const whole = readFileSync(join(root, "models/tiny/onnx/vision_encoder.onnx")).length;
      expect([probe.status, (await probe.arrayBuffer()).byteLength]).toEqual([206, whole]);
      expect(await opened(server.httpServer)).toEqual(expected);
    } finally {
      await new Promise((resolve) => server.httpServer.close(resolve));
    }
  });
});
