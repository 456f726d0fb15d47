/** @file Who makes a tensor and who takes it, and which tensors do not depend on the graph's inputs. */
import { OnnxFormatError } from "./errors.js";
import type { OnnxGraph, OnnxNode, OnnxTensor, ValueInfo } from "./model.js";
import { consumed } from "./read-message.js";

export interface GraphView {
  readonly graph: OnnxGraph;
  /** Each node after those that make what it takes. Files should have this order; some converters append nodes at the end. */
  readonly nodes: readonly OnnxNode[];
  readonly producer: ReadonlyMap<string, OnnxNode>;
  readonly consumers: ReadonlyMap<string, readonly OnnxNode[]>;
  readonly initializer: ReadonlyMap<string, OnnxTensor>;
  /** Declared types of inputs, outputs and tensors in between. */
  readonly declared: ReadonlyMap<string, ValueInfo>;
  /** Tensors that follow from weights, constants and shapes alone. */
  readonly constant: ReadonlySet<string>;
}

/**
 * Looks a graph up by tensors.
 *
 * @throws OnnxFormatError for a tensor that two nodes make or none, and for nodes that wait for each other.
 */
export function viewGraph(graph: OnnxGraph): GraphView {
  const initializer = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  const declared = new Map([...graph.valueInfo, ...graph.inputs, ...graph.outputs].map((info) => [info.name, info]));
  const producer = producers(graph, initializer);
  const consumers = new Map<string, OnnxNode[]>();
  const nodes = sorted(graph, producer, consumers);
  const constant = new Set(initializer.keys());
  for (const node of nodes) {
    // A shape counts as constant: exporters compute scales and reshapes from it.
    if (node.opType === "Shape" || consumed(node).every((name) => constant.has(name))) {
      for (const name of node.outputs) constant.add(name);
    }
  }
  return { graph, nodes, producer, consumers, initializer, declared, constant };
}

function producers(graph: OnnxGraph, initializer: ReadonlyMap<string, OnnxTensor>): Map<string, OnnxNode> {
  const producer = new Map<string, OnnxNode>();
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (name === "") continue;
      if (producer.has(name) || initializer.has(name))
        throw malformed(`one maker of ${JSON.stringify(name)}`, `another, ${label(node)}`);
      producer.set(name, node);
    }
  }
  for (const { name } of graph.outputs) {
    const isInput = graph.inputs.some((input) => input.name === name);
    if (!producer.has(name) && !initializer.has(name) && !isInput)
      throw malformed(`a node that makes output ${JSON.stringify(name)}`, "none");
  }
  return producer;
}

/** Nodes in an order in which each can be computed (Kahn), the file's where it is one. Fills `consumers`. */
function sorted(
  graph: OnnxGraph,
  producer: ReadonlyMap<string, OnnxNode>,
  consumers: Map<string, OnnxNode[]>,
): OnnxNode[] {
  const given = new Set([...graph.initializers, ...graph.inputs].map(({ name }) => name));
  const waiting = new Map<OnnxNode, number>();
  for (const node of graph.nodes) {
    const names = new Set(consumed(node));
    let count = 0;
    for (const name of names) {
      if (producer.has(name)) count++;
      else if (!given.has(name))
        throw malformed(`a maker of ${JSON.stringify(name)}, which ${label(node)} takes`, "none");
      const list = consumers.get(name);
      if (list === undefined) consumers.set(name, [node]);
      else list.push(node);
    }
    waiting.set(node, count);
  }
  if (isInOrder(graph.nodes, given)) return [...graph.nodes];
  const out: OnnxNode[] = [];
  const ready = graph.nodes.filter((node) => waiting.get(node) === 0).reverse();
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
  if (out.length < graph.nodes.length) {
    const stuck = graph.nodes.find((node) => (waiting.get(node) ?? 0) > 0) ?? graph.nodes[0];
    throw malformed(
      "nodes without a cycle",
      `${graph.nodes.length - out.length} that wait for each other, among them ${label(stuck)}`,
    );
  }
  return out;
}

function isInOrder(nodes: readonly OnnxNode[], given: ReadonlySet<string>): boolean {
  const known = new Set(given);
  return nodes.every((node) => {
    const ok = consumed(node).every((name) => known.has(name));
    for (const name of node.outputs) known.add(name);
    return ok;
  });
}

function label({ opType, name, outputs }: OnnxNode): string {
  return `${opType} ${name || outputs[0]}`;
}

function malformed(expected: string, got: string): OnnxFormatError {
  return new OnnxFormatError({ operation: "viewGraph", expected, got });
}
