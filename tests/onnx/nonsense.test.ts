/**
 * Graphs that are read well and make no sense: nodes wired at random, other operators, other lengths. Everything refuses them with a
 * typed error or takes them, in bounded time. `RECOUP_FUZZ=20000` for the long form.
 */
import { describe, expect, it } from "vitest";
import { randomSource } from "../../src/math/index.js";
import {
  applySplit,
  bake,
  extract,
  graft,
  inspectModel,
  locate,
  modelPieces,
  OnnxError,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  planSplit,
  sameTower,
  tap,
} from "../../src/onnx/index.js";
import { lastLayer } from "../../src/onnx/vision/locate.js";
import { FIXTURES, openFixture } from "./fixtures.js";

const COUNT = Number(process.env.RECOUP_FUZZ ?? 200);

type Random = ReturnType<typeof randomSource>;

/** Some edits of a graph, of which most leave it readable. */
function rewire(model: OnnxModel, random: Random): OnnxModel {
  let { graph } = model;
  const edits = 1 + random.below(6);
  for (let i = 0; i < edits; i++) graph = edit(graph, random);
  return { ...model, graph };
}

function edit(graph: OnnxGraph, random: Random): OnnxGraph {
  const pick = <T>(list: readonly T[]): T | undefined => list[random.below(Math.max(list.length, 1))];
  const replaced = <T>(list: readonly T[], change: (each: T) => T): T[] => {
    const at = random.below(Math.max(list.length, 1));
    return list.map((each, i) => (i === at ? change(each) : each));
  };
  const without = <T>(list: readonly T[]): T[] => {
    const at = random.below(Math.max(list.length, 1));
    return list.filter((_, i) => i !== at);
  };
  const name = () => pick(pick(graph.nodes)?.outputs ?? []) ?? "";
  const length = () => pick([0, 1, 2, 3, 7, 32, 96, 2 ** 31, 2 ** 50]) ?? 0;
  const onNode = (change: (node: OnnxNode) => Partial<OnnxNode>) => ({
    ...graph,
    nodes: replaced(graph.nodes, (node) => ({ ...node, ...change(node) })),
  });
  switch (random.below(12)) {
    case 0:
    case 1:
      return onNode(({ inputs }) => ({ inputs: replaced(inputs, name) }));
    case 2:
      return onNode(({ inputs }) => ({ inputs: without(inputs) }));
    case 3:
      return onNode(({ outputs }) => ({ outputs: without(outputs) }));
    case 4:
      return onNode(() => ({ opType: pick(graph.nodes)?.opType ?? "", domain: pick(graph.nodes)?.domain ?? "" }));
    case 5:
      return onNode(() => ({ attributes: pick(graph.nodes)?.attributes ?? new Map() }));
    case 6:
      return onNode(({ attributes }) => ({
        attributes: new Map(
          Array.from(attributes, ([key, value]) => [
            key,
            { ...value, int: BigInt(length()), float: pick([0, -1, Number.NaN, 1e30]), ints: [BigInt(length()), -1n] },
          ]),
        ),
      }));
    case 7:
      return {
        ...graph,
        initializers: replaced(graph.initializers, (tensor) => ({
          ...tensor,
          dims: Array.from({ length: random.below(4) }, length),
        })),
      };
    case 8:
      return { ...graph, initializers: without(graph.initializers) };
    case 9:
      return { ...graph, nodes: without(graph.nodes) };
    case 10:
      return {
        ...graph,
        valueInfo: replaced(graph.valueInfo, (info) => ({
          ...info,
          dataType: length(),
          shape: Array.from({ length: random.below(90) }, length),
        })),
      };
    default:
      return random.below(2) === 0
        ? { ...graph, inputs: without(graph.inputs) }
        : { ...graph, outputs: without(graph.outputs) };
  }
}

/** All that can be asked of a model; each may refuse. */
function questions(model: OnnxModel, clip: OnnxModel): (() => unknown)[] {
  return [
    () => inspectModel(model, 3),
    () => tap(model),
    ...[-2, 0, 1].map((layer) => () => tap(model, { layer })),
    () => extract(model, { inputs: [], outputs: model.graph.outputs.map(({ name }) => name) }),
    () => extract(model, { inputs: [lastLayer(locate(model)).normed], outputs: [model.graph.outputs[0]?.name ?? "x"] }),
    () => applySplit(planSplit(model), model),
    () => applySplit(planSplit(model, { clip, configuredLayers: 3 }), model, clip),
    () => applySplit(planSplit(clip, { clip: model }), clip, model),
    () =>
      graft(clip, model, { connect: Object.fromEntries(model.graph.inputs.map(({ name }) => [name, "pixel_values"])) }),
    () => bake(model, { clip, tokens: 9, textPolarity: 1 }),
    () => bake(clip, { clip: model, tokens: 9, textPolarity: 1, form: "static", budget: { max: 4 } }),
    () => sameTower(model, clip),
    () => modelPieces(model),
  ];
}

describe("graphs that make no sense", () => {
  it(`are taken or refused with a typed error, ${COUNT} of them`, { timeout: 3_600_000 }, async () => {
    const models = await Promise.all(FIXTURES.filter((_, i) => i % 3 === 0).map(openFixture));
    const clip = await openFixture({ export: "clip-sdpa-ts17", variant: "raw" });
    const random = randomSource(11);
    const outcomes = { taken: 0, refused: 0 };
    let longest = 0;
    for (let i = 0; i < COUNT; i++) {
      const model = rewire(models[random.below(models.length)], random);
      for (const [j, ask] of questions(model, clip).entries()) {
        const start = performance.now();
        try {
          await ask();
          outcomes.taken++;
        } catch (error) {
          if (!(error instanceof OnnxError)) throw new Error(`case ${i}, question ${j}: ${error}`, { cause: error });
          outcomes.refused++;
        }
        longest = Math.max(longest, performance.now() - start);
      }
    }
    expect(Math.min(outcomes.taken, outcomes.refused)).toBeGreaterThan(COUNT);
    // Far from a hang: the slowest takes some milliseconds.
    expect(longest).toBeLessThan(5000);
    if (process.env.RECOUP_FUZZ) console.log(outcomes, `slowest ${longest.toFixed(1)} ms`);
  });
});
