/** @file Cuts a part out of a model: the nodes and weights between given tensors, as a model of its own. */

import { OnnxInputError, OnnxUnsupportedError } from "../proto/errors.js";
import type { OnnxModel, OnnxNode, ValueInfo } from "../proto/model.js";
import { consumed } from "../proto/read-node.js";
import { makeValueInfo, renameOutputs } from "../proto/write-model.js";
import { elementType } from "./element-type.js";
import { type GraphView, viewGraph } from "./graph-view.js";
import { rankOf } from "./infer.js";

export interface ExtractOptions {
  /** Tensors that become the part's inputs: inputs of the model, or any tensor in it. */
  readonly inputs: readonly string[];
  /** Tensors that become its outputs. */
  readonly outputs: readonly string[];
}

/**
 * The part of a model that makes `outputs` of `inputs`. Weights stay where they are; declared types are kept, shapes of tensors
 * in between are dropped, since they may name lengths (576) that no longer hold.
 *
 * @throws OnnxInputError for a name that the model lacks or that is given twice, or a part that needs an input that is not given;
 *   OnnxUnsupportedError for an input behind an operator that is not known, whose type the file does not declare.
 */
export function extract(model: OnnxModel, { inputs, outputs }: ExtractOptions): OnnxModel {
  const view = viewGraph(model.graph);
  for (const name of [...inputs, ...outputs]) assertKnown(view, name);
  if (outputs.length === 0) throw refusal("at least one output", "none");
  for (const names of [inputs, outputs]) assertDistinct(names);
  const cut = new Set(inputs);
  const { nodes, used } = walkBack(view, cut, outputs);
  const { graph } = model;
  const ends = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  return {
    ...model,
    graph: {
      ...graph,
      nodes: view.nodes.filter((node) => nodes.has(node)).map((node) => apart(node, cut)),
      initializers: graph.initializers.filter(({ name }) => used.has(name) && !cut.has(name)),
      inputs: inputs.map((name) => typed(describe(view, name, ends))),
      outputs: outputs.map((name) => describe(view, name, ends)),
      valueInfo: [],
    },
  };
}

function walkBack(view: GraphView, inputs: ReadonlySet<string>, outputs: readonly string[]) {
  const nodes = new Set<OnnxNode>();
  const used = new Set<string>();
  const open = [...outputs];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    // Weights, sparse ones too, are given and constant; the graph's inputs are given only.
    if (inputs.has(name) || (view.given.has(name) && view.constant.has(name))) continue;
    const node = view.producer.get(name);
    if (node === undefined) throw refusal("every input that the part needs", `${name} left out`);
    if (nodes.has(node)) continue;
    nodes.add(node);
    for (const each of consumed(node)) open.push(each);
  }
  return { nodes, used };
}

/** A node that makes a tensor which is given, beside one that is needed: its own goes by another name. */
function apart(node: OnnxNode, cut: ReadonlySet<string>): OnnxNode {
  if (!node.outputs.some((name) => cut.has(name))) return node;
  return renameOutputs(node, (name) => (cut.has(name) ? `${name}/cut` : name));
}

function assertDistinct(names: readonly string[]): void {
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) throw refusal("each name once", `${twice} twice`);
}

function assertKnown(view: GraphView, name: string): void {
  if (!view.producer.has(name) && !view.given.has(name))
    throw refusal("tensors of the model", `${JSON.stringify(name)}, which it lacks`);
}

function refusal(expected: string, got: string): OnnxInputError {
  return new OnnxInputError({ operation: "extract", expected, got });
}

/** Runtimes want the type of every input, though not of outputs. */
function typed(info: ValueInfo): ValueInfo {
  if (info.dataType !== undefined) return info;
  throw new OnnxUnsupportedError({
    operation: "extract",
    expected: `an input whose type the file declares, or that follows from how it is made`,
    got: info.name,
  });
}

/** A tensor's declared type, or what follows from how it is made: element type and rank, with no lengths. */
function describe(view: GraphView, name: string, ends: ReadonlySet<string>): ValueInfo {
  const declared = view.declared.get(name);
  if (declared?.dataType !== undefined && ends.has(name)) return declared;
  const type = elementType(view, name);
  const rank = rankOf(view, name);
  return makeValueInfo(name, type, type === undefined || rank === undefined ? undefined : Array(rank).fill(undefined));
}
