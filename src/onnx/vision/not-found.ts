/** @file The reason why a graph has no layers of a tower: a recurrent or packed form, a loop, or no attention at all. */
import { type GraphView, label, nodeName } from "../graph/graph-view.js";
import { OnnxUnsupportedError } from "../proto/errors.js";
import { type InnerGraph, isOf, type OnnxFunction, type OnnxModel, type OnnxNode } from "../proto/model.js";
import type { Attention } from "./attention.js";
import { innerGraphs } from "./precision.js";

/** Operators that hold attention in unsupported forms, with the reason. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  GroupQueryAttention: "its queries and keys are inside the node, as in language models",
  PackedMultiHeadAttention: "its rows are packed over images",
  PackedAttention: "its rows are packed over images",
  Loop: "the tower is called in a loop",
  Scan: "the tower is called in a loop",
  EPContext: "it is compiled for one device",
};

/** The refusal of a graph without layers, naming what is in the way. @param others attention that is no layer's. */
export function notFound(
  model: OnnxModel,
  { graph: { nodes } }: GraphView,
  others: readonly Attention[],
): OnnxUnsupportedError {
  const [node, reason] = obstacle(model, others);
  const inside = innerGraphs(model).reduce((sum, inner) => sum + inner.nodes, 0);
  const counted =
    inside > 0 ? `${nodes.length} nodes, and ${inside} in subgraphs and functions,` : `${nodes.length} nodes`;
  const got = node === undefined ? `${counted} without attention` : `${label(node)}: ${reason}`;
  const expected = "self-attention in a vision tower";
  return new OnnxUnsupportedError({ operation: "locate", expected, got, node: node && nodeName(node) });
}

/** The node that is in the way, and the reason; undefined for none. */
function obstacle(
  { graph: { nodes }, functions = [] }: OnnxModel,
  others: readonly Attention[],
): [node?: OnnxNode, reason?: string] {
  const refused = nodes.find((node) => Object.hasOwn(UNSUPPORTED, node.opType) && isInTheWay(node));
  if (refused !== undefined) return [refused, UNSUPPORTED[refused.opType]];
  for (const node of nodes) {
    const called = functions.find(({ domain, name }) => name === node.opType && domain === node.domain);
    if (called !== undefined && hasAttention(called.inner, functions)) {
      const words = `a function of the file, with ${called.inner.nodes} nodes, has the attention`;
      return [node, `${words}: put it into the graph first (onnx.inliner.inline_local_functions)`];
    }
    if (innerOf(node).some((inner) => hasAttention(inner, functions))) {
      return [
        node,
        `its subgraphs have the attention, which only runs where its condition holds: export that branch alone`,
      ];
    }
  }
  if (others.length > 0) return [others[0].node, "its queries and keys do not read the same normalized states"];
  const fused = nodes.find((node) => isOf(node, "MultiHeadAttention", "Attention"));
  return [fused, "its queries and keys come packed in one input"];
}

const innerOf = ({ attributes }: OnnxNode) => [...attributes.values()].flatMap(({ inner = [] }) => inner);

/** A loop in whose body there is no attention is none of a tower. */
function isInTheWay(node: OnnxNode): boolean {
  const inner = innerOf(node);
  return inner.length === 0 || inner.some((each) => hasAttention(each, []));
}

/** Whether there is attention in a subgraph or function, or in a function that it calls. */
function hasAttention({ opTypes }: InnerGraph, functions: readonly OnnxFunction[]): boolean {
  const seen = new Set(opTypes);
  // A set grows while it is gone through.
  for (const name of seen) {
    for (const each of functions) if (each.name === name) for (const more of each.inner.opTypes) seen.add(more);
  }
  return ["Softmax", "Attention", "MultiHeadAttention", "GroupQueryAttention"].some((name) => seen.has(name));
}
