/** The baked compression, static form, in a browser on WebGPU (a software adapter): every node there, the library's decision. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { planRows } from "../../src/core/index.js";
import { recoup, recoverable } from "../../src/methods/index.js";
import { type BakeMethodOptions, compressionModel, modelBytes } from "../../src/onnx/index.js";
import { syntheticTable } from "../../src/testing/index.js";
import { chromium, SOFTWARE_GPU, withPage } from "./chromium.js";

const runtime = fileURLToPath(new URL("../../node_modules/onnxruntime-web/dist/", import.meta.url));
const TOKENS = 144;
const ROWS = 40;
const table = syntheticTable({ rows: 12, columns: 12, dim: 64, seed: 2 });

/** Runs the model, and gathers what ONNX Runtime says about where its nodes are. */
const PAGE = `<!doctype html><title>recoup</title><script type="module">
const said = [];
for (const level of ["log", "warn", "error", "debug", "info"]) console[level] = (...words) => said.push(words.join(" "));
const report = (result) => fetch("/result", { method: "POST", body: JSON.stringify(result) });
try {
  if (!(await navigator.gpu?.requestAdapter())) await report({ adapter: false });
  else {
    const ort = await import("/runtime/ort.webgpu.bundle.min.mjs");
    ort.env.logLevel = "verbose";
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = "/runtime/";
    const model = new Uint8Array(await (await fetch("/model")).arrayBuffer());
    const session = await ort.InferenceSession.create(model, { executionProviders: ["webgpu"], logSeverityLevel: 0 });
    const feeds = await (await fetch("/table")).json();
    const tensors = Object.entries(feeds).map(([name, { data, dims }]) => [name, new ort.Tensor("float32", data, dims)]);
    const { count, weights } = await session.run(Object.fromEntries(tensors));
    const placed = said.join("\\n").match(/odes? ?(?:\\(s\\) )?placed on \\[\\w+\\]/g);
    await report({ adapter: true, count: count.data[0], weights: Array.from(weights.data), placed });
  }
} catch (error) {
  await report({ adapter: true, error: String(error.stack ?? error) });
}
</script>`;

interface Result {
  readonly adapter: boolean;
  readonly error?: string;
  readonly count: number;
  readonly weights: number[];
  readonly placed: string[];
}

/** Serves page, runtime and model, opens the page, and gives what it reports. */
async function inBrowser(model: Uint8Array, inputs: readonly string[]): Promise<Result> {
  const { features, keys, clsAttention, textSimilarity } = table;
  const all = {
    features: { data: Array.from(features.data), dims: [TOKENS, 64] },
    keys: { data: Array.from(keys.data), dims: [TOKENS, 64] },
    cls_attention: { data: Array.from(clsAttention), dims: [TOKENS] },
    text_similarity: { data: Array.from(textSimilarity), dims: [TOKENS] },
  };
  const feeds = Object.fromEntries(Object.entries(all).filter(([name]) => inputs.includes(name)));
  let finish: (result: Result) => void;
  const done = new Promise<Result>((resolve) => {
    finish = resolve;
  });
  const server = createServer((request, response) => {
    const url = request.url ?? "/";
    if (url === "/") response.setHeader("content-type", "text/html").end(PAGE);
    else if (url === "/model") response.end(model);
    else if (url === "/table") response.end(JSON.stringify(feeds));
    else if (url === "/result") {
      let body = "";
      request.on("data", (part) => {
        body += part;
      });
      request.on("end", () => {
        response.end();
        finish(JSON.parse(body));
      });
    } else if (url.startsWith("/runtime/")) {
      const name = normalize(url.slice("/runtime/".length));
      response.setHeader("content-type", name.endsWith(".wasm") ? "application/wasm" : "text/javascript");
      response.end(readFileSync(join(runtime, name)));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await withPage(`http://127.0.0.1:${port}/`, SOFTWARE_GPU, done);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The library's decision by each method, and the options of the bake. */
const CASES = {
  recoverable: { plan: recoverable.plan(table, { budget: { max: ROWS } }), budget: { max: ROWS } },
  recoup: { plan: recoup.plan(table, { budget: ROWS }), budget: ROWS, width: 64 },
} as const;

it.skipIf(chromium === undefined).for(["recoverable", "recoup"] as const)(
  "runs %s on WebGPU alone",
  { timeout: 240_000 },
  async (method, { skip }) => {
    const { plan, ...own } = CASES[method];
    const shared = { tokens: TOKENS, textPolarity: 1, form: "static", weights: true } as const;
    const model = compressionModel({ method, ...shared, ...own } as BakeMethodOptions);
    const inputs = model.graph.inputs.map(({ name }) => name);
    const result = await inBrowser(await modelBytes(model), inputs);
    if (!result.adapter) skip("the browser has no WebGPU adapter");
    expect(result.error).toBeUndefined();
    const want = new Float32Array(ROWS * TOKENS);
    planRows(plan).forEach(({ sources, weights }, row) => {
      for (let e = 0; e < sources.length; e++) want[row * TOKENS + sources[e]] = weights[e];
    });
    expect(result.count).toBe(plan.roles.length);
    expect(result.weights).toHaveLength(want.length);
    expect(Math.max(...result.weights.map((weight, i) => Math.abs(weight - want[i])))).toBeLessThan(1e-5);
    expect(result.placed).toEqual(["odes placed on [WebGpuExecutionProvider]"]);
  },
);
