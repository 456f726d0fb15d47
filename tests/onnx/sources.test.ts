/** One model from memory, from a file and from a real HTTP server: the same structure, and only a part of the bytes read. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileSource } from "../../src/files/index.js";
import {
  type ByteSource,
  bytesSource,
  extract,
  httpSource,
  modelBytes,
  modelPieces,
  type OnnxGraph,
  openOnnx,
  tap,
} from "../../src/onnx/index.js";
import { makeNode, makeTensor, makeValueInfo } from "../../src/onnx/proto/make.js";
import { GRAPH, MODEL } from "../../src/onnx/proto/schema.js";
import { loadPieces, type RangeFetch } from "../../src/onnx/proto/source.js";
import { concat, field, header, numberField } from "../../src/onnx/proto/wire.js";
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

  it("may come from a server that sends more than the range asked for, whose rest is not downloaded", async () => {
    let cancelled = false;
    const whole: RangeFetch = async (place, init) => {
      const response = await fetch(place, init);
      if (init.headers.Range !== "bytes=0-1") return response;
      const headers = new Headers({ "content-range": `bytes 0-${bytes.length - 1}/${bytes.length}` });
      const body = {
        cancel: async () => {
          cancelled = true;
        },
      };
      return { status: 206, headers, body, arrayBuffer: () => Promise.reject(new Error("downloaded")) };
    };
    const model = await openOnnx(await httpSource(address("/model"), { fetch: whole }));
    expect(Buffer.compare(await modelBytes(model), bytes)).toBe(0);
    expect(cancelled).toBe(true);
  });

  it.each([
    ["no range", null],
    ["a range that begins elsewhere", "bytes 1-2/100"],
    ["an unknown size", "bytes 0-1/*"],
  ])("are refused with %s in Content-Range", async (_, range) => {
    const headers = new Headers(range === null ? {} : { "content-range": range });
    const answer: RangeFetch = async () => ({ status: 206, headers, arrayBuffer: async () => new ArrayBuffer(2) });
    await expect(httpSource("x", { fetch: answer })).rejects.toThrow(/start and size of the file in Content-Range/);
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

  it("give the same nodes, wherever the reading begins anew", async () => {
    const model = await openOnnx(bytesSource(modelFile(fixture)));
    const names = Array.from({ length: 4000 }, (_, i) => `a/name/of/some/length/${i}`);
    const nodes = names.map((name) => makeNode({ opType: "Relu", inputs: ["pixel_values"], outputs: [name] }));
    const long = await modelBytes({ ...model, graph: { ...model.graph, nodes: [...model.graph.nodes, ...nodes] } });
    writeFileSync(join(folder, "long.onnx"), long);
    const file = await fileSource(join(folder, "long.onnx"));
    expect((await openOnnx(file)).graph.nodes).toEqual((await openOnnx(bytesSource(long))).graph.nodes);
    await file.close();
  });

  it("may hold lengths that are not known as -1, and sparse weights", async () => {
    const model = await openOnnx(bytesSource(modelFile(fixture)));
    // TypeProto { tensor_type { elem_type: 1, shape { dim { dim_value: -1 } } } }
    const type = field(1, [numberField(1, 1), field(2, field(1, numberField(1, -1)))]);
    const input = field(GRAPH.input, [field(1, "w"), field(2, type)]);
    const sparse = field(GRAPH.sparse, field(1, [numberField(1, 1), numberField(2, 1), field(8, "sparse")]));
    const sum = makeNode({ opType: "Add", inputs: ["w", "sparse"], outputs: ["sum"] });
    const graph = field(MODEL.graph, [input, sum.bytes, sparse, field(GRAPH.output, field(1, "sum"))]);
    const read = await openOnnx(bytesSource(concat([graph, field(MODEL.opsetImport, numberField(2, 17))])));
    expect(read.graph.inputs[0]).toMatchObject({ dataType: 1, shape: [undefined] });
    expect(read.graph.sparse).toEqual(["sparse"]);
    const part = extract(read, { inputs: ["w"], outputs: ["sum"] });
    expect((await openOnnx(bytesSource(await modelBytes(part)))).graph.sparse).toEqual(["sparse"]);
    expect(model.graph.sparse).toEqual([]);
  });

  it.each([
    ["a node of three gigabytes", GRAPH.node, 3 * 2 ** 30, /at most 1073741824 bytes in a field that is no weight/],
    ["a node of a terabyte", GRAPH.node, 2 ** 40, /at most 1073741824 bytes in a field that is no weight/],
    ["a name of 600 megabytes", GRAPH.name, 600 * 2 ** 20, /at most 16777216 bytes of text in field 2/],
  ])("refuse %s, of which a disk may hold nothing", { timeout: 60_000 }, async (_, number, length, message) => {
    const path = join(folder, "sparse.onnx");
    const inner = header(number, length);
    const start = header(MODEL.graph, inner.length + length);
    writeFileSync(path, concat([start, inner]));
    truncateSync(path, start.length + inner.length + length);
    const file = await fileSource(path);
    await expect(openOnnx(file)).rejects.toThrow(message);
    await file.close();
    rmSync(path);
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
