/** @file Adds nodes, weights and outputs to a model. */
import { makeValueInfo } from "../proto/make.js";
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, ValueInfo } from "../proto/model.js";

/** Nodes, weights and outputs for a graph. */
interface Added {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: { values(): Iterable<OnnxTensor> };
  readonly outputs: readonly ValueInfo[];
}

/** The model with more nodes, weights and outputs. @param own its nodes as they come first; checkers want an order as a view's. */
export function withAdded(model: OnnxModel, own: Pick<OnnxGraph, "nodes">, added: Added): OnnxModel {
  const { graph } = model;
  const weights = [...added.initializers.values()];
  return {
    ...model,
    graph: {
      ...graph,
      nodes: [...own.nodes, ...added.nodes],
      initializers: [...graph.initializers, ...weights],
      inputs: [...graph.inputs, ...weightInputs(model, weights)],
      outputs: [...graph.outputs, ...added.outputs],
    },
  };
}

/** The inputs of a graph that its weights are: all of them before IR version 4, none since. */
function weightInputs({ irVersion }: OnnxModel, weights: readonly OnnxTensor[]): ValueInfo[] {
  return irVersion < 4 ? weights.map(({ name, dataType, dims }) => makeValueInfo(name, dataType, dims)) : [];
}
