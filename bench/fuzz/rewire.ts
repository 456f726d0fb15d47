/** @file Graphs that are read well and make no sense: nodes wired at random, other operators, other lengths. */
import type { RandomSource } from "../../src/math/index.js";
import type { OnnxGraph, OnnxModel, OnnxNode } from "../../src/onnx/index.js";

/** Some edits of a graph, of which most leave it readable. */
export function rewire(model: OnnxModel, random: RandomSource): OnnxModel {
  let { graph } = model;
  const edits = 1 + random.below(6);
  for (let i = 0; i < edits; i++) graph = edit(graph, random);
  return { ...model, graph };
}

function edit(graph: OnnxGraph, random: RandomSource): OnnxGraph {
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
