/** A page that has models, pictures, the runtime and a program of its own, from a server without ranges and one with. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { withPage } from "./chromium.js";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Before a program: the library on the server's own models, and `report`, which ends the page. */
export const PAGE_START = `
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
`;

/** What a page gets: files of this project, the runtime, the program. */
const PLACES: readonly (readonly [prefix: string, folder: string])[] = [
  ["/models/", join(root, "models")],
  ["/examples/", join(root, "examples")],
  ["/runtime/", join(root, "node_modules/onnxruntime-web/dist")],
];
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".png": "image/png",
};

/** Writes a page that runs a program, bundled as for a browser: `page.html` in the folder. */
export async function writePage(folder: string, program: string): Promise<void> {
  const input = join(folder, "program.js");
  writeFileSync(input, program);
  const build = await rolldown({
    input,
    platform: "browser",
    logLevel: "silent",
    resolve: { modules: [join(root, "node_modules")] },
  });
  await build.write({ dir: join(folder, "built"), format: "esm" });
  await build.close();
  writeFileSync(join(folder, "page.html"), '<!doctype html><script type="module" src="/built/program.js"></script>');
}

/** What a program of a page reports. @param flags of Chromium. */
export async function runModelPage(program: string, flags: readonly string[]): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), "recoup-page-program-"));
  try {
    await writePage(folder, program);
    return await served([...PLACES, ["/", folder]], flags);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function served(places: typeof PLACES, flags: readonly string[]): Promise<Record<string, unknown>> {
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
    const [prefix, place] = places.find(([prefix]) => url.startsWith(prefix)) ?? places[0];
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
    return await withPage(`http://127.0.0.1:${port}/page.html`, flags, done);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
