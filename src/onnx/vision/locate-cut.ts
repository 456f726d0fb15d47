/** @file Finds where a graph passes through one single tensor: there it can be cut in two. */
import type { GraphView } from "../graph/graph-view.js";
import type { OnnxNode } from "../proto/model.js";
import { consumed } from "../proto/read-node.js";

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
