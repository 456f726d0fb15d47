/** One model from memory, from a file and from a real HTTP server: the same structure, and only a part of the bytes read. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileSource } from "../../src/node/index.js";
import {
  type ByteSource,
  bytesSource,
  extract,
  httpSource,
  loadPieces,
  makeNode,
  makeTensor,
  makeValueInfo,
  modelBytes,
  modelPieces,
  type OnnxGraph,
  openOnnx,
  tap,
} from "../../src/onnx/index.js";
import { concat } from "../../src/onnx/wire.js";
import { modelFile } from "./fixtures.js";

const fixture = { export: "clip-sdpa-ts17", variant: "raw" };
let bytes: Uint8Array;
let server: Server;
let folder: string;
let sent = 0;

/** A model with 4 MB of weights before and after a small product. */
async function heavy(): Promise<Uint8Array> {
  const model = await openOnnx(bytesSource(modelFile(fixture)));
  const weight = (name: string) =>
    makeTensor(name, "float32", [1000, 1000], new Uint8Array(4_000_000).fill(name.charCodeAt(0)));
  const inputs = [makeValueInfo("x", 1, ["n", 1000])];
  const outputs = [makeValueInfo("y", 1, ["n", 1000])];
  const nodes = [
    makeNode({ opType: "MatMul", inputs: ["x", "a"], outputs: ["h"] }),
    makeNode({ opType: "MatMul", inputs: ["h", "b"], outputs: ["y"] }),
  ];
  const initializers = [weight("a"), weight("b")];
  return modelBytes({ ...model, graph: { ...model.graph, nodes, initializers, inputs, outputs, valueInfo: [] } });
}

beforeAll(async () => {
  bytes = await heavy();
  folder = mkdtempSync(join(tmpdir(), "recoup-onnx-source-"));
  writeFileSync(join(folder, "model.onnx"), bytes);
  server = createServer((request, response) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (request.url === "/missing") response.writeHead(404).end();
    else if (range === null || request.url === "/whole") response.writeHead(200).end(bytes);
    else {
      const part = bytes.subarray(Number(range[1]), Number(range[2]) + 1);
      sent += part.length;
      response.writeHead(206, { "content-range": `bytes ${range[1]}-${range[2]}/${bytes.length}` }).end(part);
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const address = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

/** Counts the bytes read. */
function counting(source: ByteSource): ByteSource & { count: number } {
  const out = {
    ...source,
    count: 0,
    async read(offset: number, length: number) {
      out.count += length;
      return source.read(offset, length);
    },
  };
  return out;
}

describe("sources", () => {
  it("give the same model, and the same bytes again", async () => {
    const file = await fileSource(join(folder, "model.onnx"));
    const models = await Promise.all([
      openOnnx(bytesSource(bytes)),
      openOnnx(file),
      httpSource(address("/model"), { fetch }).then(openOnnx),
    ]);
    const [first, ...others] = await Promise.all(models.map(modelBytes));
    await file.close();
    expect(first.length).toBe(bytes.length);
    for (const other of others) expect(Buffer.compare(other, first)).toBe(0);
  });

  it("may hold a graph in parts, as tools write that append to a file: protobuf joins them", async () => {
    const part = (graph: OnnxGraph) => modelBytes({ ...model, graph: { ...graph, fields: [] }, fields: [] });
    const model = await openOnnx(bytesSource(modelFile(fixture)));
    const { model: tapped } = tap(model, { signals: ["states"] });
    const added = {
      ...tapped.graph,
      nodes: tapped.graph.nodes.slice(model.graph.nodes.length),
      initializers: [],
      inputs: [],
      outputs: tapped.graph.outputs.slice(model.graph.outputs.length),
      valueInfo: [],
    };
    const joined = await openOnnx(bytesSource(concat([modelFile(fixture), await part(added)])));
    expect(joined.graph.nodes).toEqual(tapped.graph.nodes);
    expect(joined.graph.outputs.map(({ name }) => name)).toEqual(tapped.graph.outputs.map(({ name }) => name));
    expect(Buffer.compare(await modelBytes(joined), await modelBytes(tapped))).toBe(0);
  });

  it("are read in part: structure, and the weights that a cut needs", async () => {
    const file = await fileSource(join(folder, "model.onnx"));
    const source = counting(file);
    const model = await openOnnx(source);
    expect(source.count).toBeLessThan(bytes.length / 20);
    sent = 0;
    const remote = await openOnnx(await httpSource(address("/model"), { fetch }));
    const part = await loadPieces(modelPieces(extract(remote, { inputs: ["h"], outputs: ["y"] })));
    expect(part.length).toBeLessThan(4_100_000);
    expect(sent).toBeLessThan(4_600_000);
    expect(model.graph.initializers.map(({ name, dims }) => [name, dims])).toEqual([
      ["a", [1000, 1000]],
      ["b", [1000, 1000]],
    ]);
    await file.close();
  });

  it("over HTTP say what is wrong with the server", async () => {
    await expect(httpSource(address("/missing"), { fetch })).rejects.toThrow(/status 206 .*missing, got status 404/);
    await expect(httpSource(address("/whole"), { fetch })).rejects.toThrow(
      /answers Range requests .*got the whole file/,
    );
    const loaded = await httpSource(address("/whole"), { fetch, withoutRanges: "load" });
    expect((await openOnnx(loaded)).graph.nodes).toHaveLength(2);
  });

  it("from files say what is wrong with the file", async () => {
    await expect(fileSource(folder)).rejects.toThrow(/a file at/);
    await expect(fileSource(join(folder, "no.onnx"))).rejects.toThrow(/ENOENT/);
  });
});
