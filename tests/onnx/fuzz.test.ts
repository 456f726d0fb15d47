/** What is held of a model, and models made to be long. Damage by chance: `npm run fuzz -- onnx` (bench/fuzz/onnx.ts). */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { bytesSource, locate, openOnnx } from "../../src/onnx/index.js";
import { GRAPH, MODEL } from "../../src/onnx/proto/schema.js";
import { concat, field, numberField } from "../../src/onnx/proto/wire.js";
import { FIXTURES, modelFile, openFixture } from "./fixtures.js";

/** Collects what nothing holds: a module of Node's that has no switch but a flag. */
setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Bytes that are held, by objects and by arrays. */
function held(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** In a function of its own, as a variable would hold the last model while the next is measured. */
async function hold(bytes: Uint8Array, kept: unknown[]): Promise<void> {
  const model = await openOnnx(bytesSource(bytes));
  kept.push({ model, located: locate(model) });
}

/**
 * The median over copies, one at a time, as the engine may share texts between those that are there together. A single one scatters
 * from below 0 to 6 times the file, with all else that the process does.
 */
async function growthOf(bytes: Uint8Array, copies: number): Promise<number> {
  const growth: number[] = [];
  for (const kept: unknown[] = []; growth.length < copies; kept.length = 0) {
    const before = held();
    await hold(bytes, kept);
    growth.push(held() - before);
  }
  return growth.sort((a, b) => a - b)[copies >> 1];
}

describe("what is held of a model", () => {
  it("is at most four times its file, though objects are larger than bytes", { timeout: 240_000 }, async () => {
    const shares: [number, string][] = [];
    // Short files of many nodes: full precision has more weights for as many names.
    const files = FIXTURES.filter(({ variant }) => variant === "q8" || variant === "fp16");
    // What the engine keeps of the code itself, it has kept before.
    for (const fixture of files) locate(await openFixture(fixture));
    for (const fixture of files) {
      const bytes = modelFile(fixture);
      // A median of few copies passes 4 now and then where that of many does not.
      const quick = await growthOf(bytes, 7);
      const growth = quick < 3 * bytes.length ? quick : await growthOf(bytes, 75);
      shares.push([growth / bytes.length, `${fixture.export} ${fixture.variant}`]);
    }
    const [most, name] = shares.reduce((a, b) => (a[0] > b[0] ? a : b));
    // Measured: 3.3 to 3.75.
    expect(most, name).toBeLessThan(4);
  });
});

describe("damaged models", () => {
  it.each([
    ["nothing", new Uint8Array(0), /an empty file/],
    ["text", new TextEncoder().encode("# recoup\n"), /a text file/],
    ["a varint of eleven bytes", Uint8Array.from(Array(11).fill(0xff)), /varint of at most 10 bytes/],
    ["a length beyond the end", Uint8Array.from([0x3a, 0xff, 0x7f, 0x01]), /within the/],
    ["a graph that is a number", Uint8Array.from([0x38, 0x01]), /a message in field 7, got wire type 0/],
    [
      "a group, which ONNX has none of",
      Uint8Array.from([0x0b, 0, 0, 0]),
      /wire type 0, 1, 2 or 5, got number 1, wire type 3/,
    ],
  ])("refuses %s", async (_, bytes, message) => {
    await expect(openOnnx(bytesSource(bytes))).rejects.toThrow(message);
  });

  /** A graph of `count` equal fields, with an operator set. */
  const graphOf = (count: number, bytes: readonly number[]) => {
    const graph = concat(Array(count).fill(Uint8Array.from(bytes)));
    return concat([field(MODEL.graph, graph), field(MODEL.opsetImport, numberField(2, 17))]);
  };
  it.each([
    ["a million empty nodes", graphOf(1e6, [0x0a, 0]), /an operator in every node/],
    [
      "a tensor of a million axes",
      graphOf(1, [...field(GRAPH.initializer, field(1, new Uint8Array(1e6)))]),
      /at most 64 numbers in field 1/,
    ],
    [
      "a list of two million numbers",
      graphOf(1, [...field(GRAPH.node, [field(4, "A"), field(5, [field(1, "a"), field(8, new Uint8Array(2e6))])])]),
      /at most 1048576 numbers in field 8/,
    ],
    [
      "a name of twenty million letters",
      graphOf(1, [...field(GRAPH.name, new Uint8Array(2e7).fill(65))]),
      /at most 16777216 bytes of text/,
    ],
    ["half a million empty types", graphOf(5e5, [0x6a, 2, 0x0a, 0]), /at most 262144 nodes, weights and types/],
    ["half a million unknown fields", graphOf(5e5, [0x7a, 0]), /at most 262144 nodes, weights and types/],
    [
      "as many in a thousand parts of a graph",
      concat(Array(1000).fill(graphOf(500, [0x7a, 0]))),
      /at most 262144 nodes/,
    ],
    [
      "half a million fields beside the graph",
      concat(Array(5e5).fill(field(MODEL.producerName, ""))),
      /at most 262144 fields/,
    ],
  ])("%s: refused before they fill the memory", async (_, bytes, message) => {
    await expect(openOnnx(bytesSource(bytes))).rejects.toThrow(message);
  });

  it("reads lists of a million elements, one field each, in linear time", { timeout: 30_000 }, async () => {
    const node = (attribute: Uint8Array) => field(GRAPH.node, [field(4, "A"), field(2, "b"), field(5, attribute)]);
    const many = (bytes: readonly number[]) => concat(Array(1e6).fill(Uint8Array.from(bytes)));
    const subgraph = field(6, many([0x0a, 6, 0x22, 1, 65, 0x0a, 1, 98]));
    for (const part of [node(many([0x40, 0])), node(subgraph), field(GRAPH.initializer, many([0x22, 1, 0]))]) {
      const bytes = concat([field(MODEL.graph, part), field(MODEL.opsetImport, numberField(2, 17))]);
      expect((await openOnnx(bytesSource(bytes))).graph.fields).toHaveLength(0);
    }
  });
});
