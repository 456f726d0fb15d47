import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { type WebSettings, webFiles } from "../../src/vlm/transformers/browser/web-files.js";
import { type LoadProgress, LoadReporter } from "../../src/vlm/transformers/load-progress.js";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const settings = (remoteHost: string): WebSettings => ({
  allowLocalModels: false,
  localModelPath: "/models/",
  allowRemoteModels: true,
  remoteHost,
  remotePathTemplate: "{model}/{revision}/",
  useBrowserCache: false,
  cacheKey: "",
  useCustomCache: false,
  customCache: null,
});

it("reports the bytes that have come, no more when a file is closed", async () => {
  const file = Buffer.alloc(1000, 7);
  const remoteHost = await serve((request, response) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    if (from === undefined) return response.end();
    const part = file.subarray(Number(from), Number(to) + 1);
    response.writeHead(206, { "content-range": `bytes ${from}-${to}/${file.length}` }).end(part);
  });
  const events: LoadProgress[] = [];
  const report = new LoadReporter((event) => events.push(event));
  const { signal } = new AbortController();
  const opened = await webFiles(settings(remoteHost), "owner/name", { report, signal, stop() {} }).open("onnx/a.onnx");
  expect(await opened.read(100, 10)).toEqual(new Uint8Array(10).fill(7));
  await opened.close();
  const sizes = events.map((event) => event.phase === "download" && [event.loaded, event.total]);
  expect(sizes).toEqual([[10, 1000]]);
});

it("opens what the cache has without asking the server again", async () => {
  let requests = 0;
  const remoteHost = await serve((_, response) => {
    requests++;
    response.writeHead(404).end();
  });
  const bytes = new Uint8Array(readFileSync(new URL("../golden/decoders/gqa.raw.onnx", import.meta.url)));
  const cache = new Map([[`${remoteHost}/owner/name/main/onnx/a.onnx`, bytes]]);
  const customCache = {
    match: async (address: string) => (cache.has(address) ? new Response(cache.get(address)) : undefined),
    put: async () => {},
  };
  const events: LoadProgress[] = [];
  const options = { report: new LoadReporter((event) => events.push(event)), signal: new AbortController().signal };
  const files = webFiles({ ...settings(remoteHost), useCustomCache: true, customCache }, "owner/name", {
    ...options,
    stop() {},
  });
  await expect(files.open("onnx/a.onnx")).rejects.toThrow(/none at/);
  // Once the library needs it, it is checked, and taken from there.
  requests = 0;
  await files.ready({ json: [], optional: [], onnx: ["onnx/a.onnx"] });
  const opened = await files.open("onnx/a.onnx");
  expect(opened.size).toBe(bytes.length);
  expect(await opened.read(1, 2)).toEqual(bytes.slice(1, 3));
  expect([requests, events]).toEqual([0, []]);
  await expect(files.open("onnx/b.onnx")).rejects.toThrow(/none at/);
});
