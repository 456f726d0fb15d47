/** @file Parts of a graph between tensors: found, and cut out as a model of their own. */
import { refusalFor } from "../../core/index.js";
import { OnnxInputError, OnnxUnsupportedError } from "../proto/errors.js";
import { axes, makeValueInfo } from "../proto/make.js";
import { consumed, type OnnxModel, type OnnxNode, type ValueInfo } from "../proto/model.js";
import { renameOutputs } from "../proto/write-model.js";
import { type GraphView, viewGraph } from "./graph-view.js";
import { elementType, rankOf } from "./infer.js";

const refusal = refusalFor("extract", OnnxInputError);

/** The tensors at both ends of a part. */
export interface ExtractOptions {
  /** Tensors that become the part's inputs: inputs of the model, or any tensor in it. */
  readonly inputs: readonly string[];
  /** Tensors that become its outputs. */
  readonly outputs: readonly string[];
}

/**
 * The part of a model that makes `outputs` of `inputs`. Weights stay where they are; declared types are kept. Shapes of tensors in
 * between are dropped, since they may name lengths (576) that no longer hold.
 *
 * @throws OnnxInputError for a name that the model lacks or that is given twice, or a part that needs a further input.
 *   OnnxUnsupportedError for an input of an unknown type: undeclared, and made by an unknown operator.
 */
export function extract(model: OnnxModel, { inputs, outputs }: ExtractOptions): OnnxModel {
  const view = viewGraph(model.graph);
  if (outputs.length === 0) throw refusal("at least one output", "none");
  for (const names of [inputs, outputs]) assertNames(view, names);
  const cut = new Set(inputs);
  const { nodes, used } = walkBack(view, cut, outputs);
  const { graph } = model;
  const ends = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  const initializers = graph.initializers.filter(({ name }) => used.has(name) && !cut.has(name));
  // Before IR version 4 every weight is an input, too.
  const kept = new Set(model.irVersion < 4 ? initializers.map(({ name }) => name) : []);
  const weights = graph.inputs.filter(({ name }) => kept.has(name));
  return {
    ...model,
    graph: {
      ...graph,
      nodes: view.nodes.filter((node) => nodes.has(node)).map((node) => apart(node, cut)),
      initializers,
      inputs: [...inputs.map((name) => typed(describe(view, name, ends))), ...weights],
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

/** Of a node that makes a given tensor beside a needed one, the given tensor goes by another name. */
function apart(node: OnnxNode, cut: ReadonlySet<string>): OnnxNode {
  if (!node.outputs.some((name) => cut.has(name))) return node;
  return renameOutputs(node, (name) => (cut.has(name) ? `${name}/cut` : name));
}

function assertNames(view: GraphView, names: readonly string[]): void {
  const unknown = names.find((name) => !view.producer.has(name) && !view.given.has(name));
  if (unknown !== undefined) throw refusal("tensors of the model", `${JSON.stringify(unknown)}, which it lacks`);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw refusal("each name once", `${twice} twice`);
}

/** Runtimes want the type of every input, though not of outputs. */
function typed(info: ValueInfo): ValueInfo {
  if (info.dataType !== undefined) return info;
  throw refusalFor("extract", OnnxUnsupportedError)(
    "an input whose type the file declares, or that follows from its maker",
    info.name,
  );
}

/** A tensor's declared type, or the one that follows from its maker: element type and rank, with no lengths. */
function describe(view: GraphView, name: string, ends: ReadonlySet<string>): ValueInfo {
  const declared = view.declared.get(name);
  if (declared?.dataType !== undefined && ends.has(name)) return declared;
  return makeValueInfo(name, elementType(view, name), axes(rankOf(view, name)));
}

/**
 * Tensors between `from` and `to`, in order, through which alone `to` depends on `from`; neither of the two is among them.
 * Constants, and shapes, do not count as paths.
 */
export function singleCuts(view: GraphView, from: string, to: string): string[] {
  const nodes = nodesBetween(view, from, to);
  const left = new Map<string, number>();
  for (const node of nodes) for (const name of new Set(consumed(node))) left.set(name, (left.get(name) ?? 0) + 1);
  const open = new Set([from]);
  const cuts: string[] = [];
  for (const node of nodes) {
    for (const name of new Set(consumed(node))) {
      const rest = (left.get(name) ?? 0) - 1;
      left.set(name, rest);
      if (rest === 0) open.delete(name);
    }
    for (const name of node.outputs) if ((left.get(name) ?? 0) > 0 && !view.constant.has(name)) open.add(name);
    if (open.size !== 1) continue;
    const [only] = open;
    if (only !== from && only !== to && cuts.at(-1) !== only) cuts.push(only);
  }
  return cuts;
}

/** Nodes on the ways from one tensor to the other, in an order in which they can be computed. */
export function nodesBetween(view: GraphView, from: string, to: string): OnnxNode[] {
  const after = new Set([from]);
  const downstream = view.nodes.filter((node) => {
    const reached = node.opType !== "Shape" && consumed(node).some((name) => after.has(name));
    if (reached) for (const name of node.outputs) after.add(name);
    return reached;
  });
  const needed = new Set([to]);
  const out: OnnxNode[] = [];
  for (const node of downstream.reverse()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    for (const name of consumed(node)) needed.add(name);
    out.push(node);
  }
  return out.reverse();
}
