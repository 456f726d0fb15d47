/** @file A graph looked up by tensors: their makers and takers, and whether they depend on the graph's inputs. */
import { refusalFor } from "../../core/index.js";
import { OnnxFormatError } from "../proto/errors.js";
import {
  consumed,
  MAX_INPUTS,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
  type TensorTables,
} from "../proto/model.js";

const malformed = refusalFor("viewGraph", OnnxFormatError);

/** A graph with its nodes in order, and tables by the names of tensors. */
export interface GraphView extends TensorTables {
  readonly graph: OnnxGraph;
  /** Each node after the makers of its inputs. Files should have this order; some converters append nodes at the end. */
  readonly nodes: readonly OnnxNode[];
  /** The nodes that take each tensor. */
  readonly consumers: ReadonlyMap<string, readonly OnnxNode[]>;
  /** Names of weights and of the graph's inputs: no node makes them. */
  readonly given: ReadonlySet<string>;
  /** Tensors that follow from weights, constants and shapes alone. */
  readonly constant: ReadonlySet<string>;
}

/**
 * Looks a graph up by tensors.
 *
 * @throws OnnxFormatError for a tensor that two nodes make or none, and for nodes that wait for each other.
 */
export function viewGraph(graph: OnnxGraph): GraphView {
  const initializer = byName(graph.initializers);
  const declared = byName([...graph.valueInfo, ...graph.inputs, ...graph.outputs]);
  const given = new Set([...initializer.keys(), ...graph.inputs.map(({ name }) => name), ...graph.sparse]);
  const producer = producers(graph, initializer, given);
  const consumers = takers(graph, producer, given);
  const nodes = isInOrder(graph.nodes, given) ? graph.nodes : sorted(graph, producer, consumers);
  const constant = constants(nodes, [...initializer.keys(), ...graph.sparse]);
  return { graph, nodes, producer, consumers, initializer, declared, given, constant };
}

/** Of equal names the last one stands. */
function byName<T extends { readonly name: string }>(list: readonly T[]): Map<string, T> {
  return new Map(list.map((each) => [each.name, each]));
}

function constants(nodes: readonly OnnxNode[], weights: readonly string[]): Set<string> {
  const constant = new Set(weights);
  for (const node of nodes) {
    // A shape counts as constant: exporters compute scales and reshapes from it.
    if (node.opType === "Shape" || consumed(node).every((name) => constant.has(name))) {
      for (const name of node.outputs) constant.add(name);
    }
  }
  return constant;
}

type Makers = ReadonlyMap<string, OnnxNode>;

function producers(graph: OnnxGraph, weights: ReadonlyMap<string, OnnxTensor>, given: ReadonlySet<string>): Makers {
  const producer = new Map<string, OnnxNode>();
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (name === "") continue;
      if (producer.has(name) || weights.has(name)) {
        throw malformed(`one maker of ${JSON.stringify(name)}`, `another, ${label(node)}`);
      }
      producer.set(name, node);
    }
  }
  const unmade = graph.outputs.find(({ name }) => !producer.has(name) && !given.has(name));
  if (unmade !== undefined) throw malformed(`a node that makes output ${JSON.stringify(unmade.name)}`, "none");
  return producer;
}

/** The nodes that take a tensor, each once. */
function takers({ nodes }: OnnxGraph, producer: Makers, given: ReadonlySet<string>): Map<string, OnnxNode[]> {
  const consumers = new Map<string, OnnxNode[]>();
  for (const node of nodes) {
    for (const name of consumed(node)) {
      if (!producer.has(name) && !given.has(name)) {
        throw malformed(`a maker of ${JSON.stringify(name)}, which ${label(node)} takes`, "none");
      }
      const list = consumers.get(name);
      if (list === undefined) consumers.set(name, [node]);
      else if (list.at(-1) !== node) list.push(node);
    }
  }
  return consumers;
}

/** Nodes in an order in which each can be computed (Kahn). */
function sorted({ nodes }: OnnxGraph, producer: Makers, consumers: GraphView["consumers"]): OnnxNode[] {
  const waiting = new Map<OnnxNode, number>();
  for (const node of nodes) waiting.set(node, new Set(consumed(node).filter((name) => producer.has(name))).size);
  const out: OnnxNode[] = [];
  const ready = nodes.filter((node) => waiting.get(node) === 0).reverse();
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    out.push(node);
    for (const name of new Set(node.outputs)) {
      for (const next of consumers.get(name) ?? []) {
        const left = (waiting.get(next) ?? 0) - 1;
        waiting.set(next, left);
        if (left === 0) ready.push(next);
      }
    }
  }
  const stuck = nodes.find((node) => (waiting.get(node) ?? 0) > 0);
  if (stuck === undefined) return out;
  const got = `${nodes.length - out.length} that wait for each other, among them ${label(stuck)}`;
  throw malformed("nodes without a cycle", got);
}

function isInOrder(nodes: readonly OnnxNode[], given: ReadonlySet<string>): boolean {
  const known = new Set(given);
  return nodes.every((node) => {
    const ok = consumed(node).every((name) => known.has(name));
    for (const name of node.outputs) known.add(name);
    return ok;
  });
}

/** A node's name, or that of its first output. */
export function nodeName({ name, outputs }: OnnxNode): string {
  return name || outputs[0];
}

/** A node in messages: its operator and its name. */
export function label(node: OnnxNode): string {
  return `${node.opType} ${nodeName(node)}`;
}

/** The inputs that depend on the graph's inputs, among the first sixteen. */
export function variableInputs(view: GraphView, node: OnnxNode): string[] {
  return node.inputs.slice(0, MAX_INPUTS).filter((name) => name !== "" && !view.constant.has(name));
}

/**
 * Goes back from a tensor over at most `most` nodes, from each to the input that `next` names.
 *
 * @returns the tensor where `next` names none, or no node makes it.
 */
export function chainBack(
  view: GraphView,
  from: string,
  most: number,
  next: (node: OnnxNode, at: string) => string | undefined,
): string {
  let at = from;
  for (let step = 0; step < most; step++) {
    const node = view.producer.get(at);
    const before = node && next(node, at);
    if (!before) return at;
    at = before;
  }
  return at;
}

/** The first of these names that a tensor has already; undefined if all are free. */
export function takenName(view: GraphView, names: readonly string[]): string | undefined {
  return names.find((name) => view.producer.has(name) || view.given.has(name) || view.declared.has(name));
}
