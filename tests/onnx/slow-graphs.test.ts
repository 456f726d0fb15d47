/** Graphs made to be slow: a search that follows every path, or compares all with all, would not end on them. */
import { expect, it } from "vitest";
import {
  extract,
  inspectModel,
  OnnxError,
  type OnnxModel,
  type OnnxNode,
  planSplit,
  tap,
} from "../../src/onnx/index.js";
import { makeNode, makeTensor, makeValueInfo } from "../../src/onnx/proto/make.js";
import { openFixture } from "./fixtures.js";

/** Neither a crash of the stack nor a hang: each takes a fraction of a second. */
const TIMEOUT = 20_000;
const WIDE = 30_000;

const node = (opType: string, inputs: readonly string[], outputs: readonly string[]) =>
  makeNode({ opType, inputs, outputs });
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** A real tower with nodes behind it that make `end`, an output. */
async function tower(nodes: readonly OnnxNode[], end = "end"): Promise<OnnxModel> {
  const model = await openFixture({ export: "clip-sdpa-ts17", variant: "raw" });
  const { graph } = model;
  const outputs = [...graph.outputs, makeValueInfo(end)];
  const initializers = [...graph.initializers, makeTensor("weight", "float32", [1], new Uint8Array(4))];
  return { ...model, graph: { ...graph, nodes: [...graph.nodes, ...nodes], initializers, outputs } };
}

/** Asks everything; refusals are answers, too. */
async function ask(model: OnnxModel, end = "end"): Promise<void> {
  const questions = [
    () => inspectModel(model),
    () => tap(model),
    () => extract(model, { inputs: model.graph.inputs.map(({ name }) => name), outputs: [end] }),
    () => planSplit(model, { output: end }),
  ];
  for (const question of questions) {
    try {
      question();
    } catch (error) {
      if (!(error instanceof OnnxError)) throw error;
      expect(error.message.length).toBeLessThan(2000);
    }
  }
}

const doubled = (opType: string, start: string, count: number) =>
  names("d", count).map((name, i) => {
    const from = i === 0 ? start : `d${i - 1}`;
    return node(opType, [from, from], [i === count - 1 ? "end" : name]);
  });

it.each([
  ["sums of a tensor with itself, of which each step doubles the paths", () => doubled("Add", "pixel_values", 200)],
  [
    "shapes joined with themselves",
    () => [
      node("Shape", ["pixel_values"], ["shape"]),
      ...doubled("Concat", "shape", 60).slice(0, -1),
      node("Reshape", ["pixel_values", "d58"], ["end"]),
    ],
  ],
  ["a chain of sums longer than the stack", () => doubled("Add", "pixel_values", WIDE)],
  [
    "layers of nodes that each take all before",
    () => {
      const width = 300;
      const layer = (i: number) => names(`m${i}.`, width);
      const between = [1, 2, 3, 4].flatMap((i) => layer(i).map((name) => node("Mul", layer(i - 1), [name])));
      return [
        ...layer(0).map((name) => node("Softmax", ["pixel_values"], [name])),
        ...between,
        node("Concat", layer(4), ["end"]),
      ];
    },
  ],
  [
    "softmaxes of one wide sum",
    () => [
      node("Add", names("w", WIDE), ["sum"]),
      ...names("w", WIDE).map((name) => node("Identity", ["pixel_values"], [name])),
      ...names("s", WIDE).map((name) => node("Softmax", ["sum"], [name])),
      node("Concat", names("s", WIDE), ["end"]),
    ],
  ],
  [
    "one tensor that all take",
    () => [
      ...names("t", WIDE).map((name) => node("Add", ["pixel_values", "pixel_values"], [name])),
      node("Concat", names("t", WIDE), ["end"]),
    ],
  ],
  [
    "fused attention behind a wide product",
    () => [
      node("Mul", Array(20_000).fill("pixel_values"), ["wide"]),
      ...names("h", 3000).map((name) => node("MultiHeadAttention", ["wide", "wide", "wide"], [name])),
      node("Concat", names("h", 3000), ["end"]),
    ],
  ],
  [
    "as many layers of one tensor as nodes that take it",
    () => [
      node("LayerNormalization", ["pixel_values", "pixel_values"], ["normed"]),
      node("MatMul", ["normed", "weight"], ["q"]),
      ...names("r", WIDE).map((name) => node("Relu", ["pixel_values"], [name])),
      ...names("h", WIDE).map((name) => node("MultiHeadAttention", ["q", "q", "q"], [name])),
      node("Concat", [...names("h", WIDE), ...names("r", WIDE)], ["end"]),
    ],
  ],
  [
    "a node with more inputs than a call may have arguments",
    () => [node("Concat", Array(200_000).fill("pixel_values"), ["end"])],
  ],
])("%s", { timeout: TIMEOUT }, async (_, nodes) => {
  await ask(await tower(nodes()));
});

it("as many inputs and outputs as there are nodes", { timeout: TIMEOUT }, async () => {
  const model = await tower([node("Identity", ["pixel_values"], ["end"])]);
  const infos = (prefix: string) => names(prefix, WIDE).map((name) => makeValueInfo(name, 1, [1]));
  const { graph } = model;
  const wide = {
    ...model,
    graph: {
      ...graph,
      inputs: [...graph.inputs, ...infos("in")],
      outputs: [...graph.outputs, ...infos("in")],
    },
  };
  await ask(wide);
  const inputs = wide.graph.inputs.map(({ name }) => name);
  expect(extract(wide, { inputs, outputs: names("in", WIDE) }).graph.nodes).toHaveLength(0);
});

it("weights and names of absurd lengths are refused in few words", { timeout: TIMEOUT }, async () => {
  const long = "x".repeat(1e6);
  await ask(await tower([node("Softmax", [long], ["end"])]));
  const model = await tower([node("Identity", ["pixel_values"], ["end"])]);
  const { graph } = model;
  const twice = [makeTensor(long, "float32", [1], new Uint8Array(4)), ...graph.initializers];
  const nodes = [...graph.nodes, node("Identity", ["end"], [long])];
  await ask({ ...model, graph: { ...graph, initializers: twice, nodes } });
});
