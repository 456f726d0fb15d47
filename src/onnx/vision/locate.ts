/**
 * @file Finds the layers of a vision tower by structure: attention, queries and keys, the hidden states before and after it. Names
 * are kept for reports only. Rules: docs/onnx.md.
 */
import { type GraphView, label, nodeName, viewGraph } from "../graph/graph-view.js";
import { OnnxUnsupportedError } from "../proto/errors.js";
import { type InnerGraph, isOf, type OnnxFunction, type OnnxModel, type OnnxNode } from "../proto/model.js";
import type { Attention, Layer } from "./attention.js";
import { readLayer, vectorLength } from "./layer.js";
import { linearAt, linearWidth } from "./linear.js";
import { findAttentions } from "./locate-attention.js";
import { innerGraphs } from "./precision.js";
import { type TowerKind, towerKinds } from "./tower-kind.js";

/** The layers of a vision tower in its graph. */
export interface Located {
  readonly view: GraphView;
  /** Version of the ai.onnx operators. */
  readonly opset: number;
  /** What the layers read: images, or ids of tokens alone. */
  readonly kind: TowerKind;
  /** Self-attention layers, in the graph's order; of a file with both towers those of the vision tower. */
  readonly layers: readonly Layer[];
  /** Number of layers of the text tower beside them. */
  readonly textLayers: number;
  /** Other attention: SigLIP's pooling head asks with a learned query. */
  readonly others: readonly Attention[];
}

/**
 * Finds every self-attention layer of a vision tower, or of a text tower where a file has no other.
 *
 * @throws OnnxUnsupportedError if there is none, naming the obstacle: a recurrent or packed form, a loop, or no attention at all.
 */
export function locate(model: OnnxModel): Located {
  const view = viewGraph(model.graph);
  const opset = model.opsets.get("") ?? 0;
  const kindOf = towerKinds(view);
  const found: Record<TowerKind, Layer[]> = { vision: [], text: [] };
  const others: Attention[] = [];
  for (const attention of findAttentions(view, opset)) {
    const layer = readLayer(view, attention);
    if (layer === undefined) others.push(attention);
    else found[kindOf(layer.normed)].push(layer);
  }
  const kind = found.vision.length > 0 ? "vision" : "text";
  if (found[kind].length === 0) throw notFound(model, view, others);
  const textLayers = kind === "vision" ? found.text.length : 0;
  return { view, opset, kind, layers: found[kind], textLayers, others };
}

/** The layer whose attention comes last in the graph: the last one that feeds the outputs, in files without dead nodes. */
export function lastLayer({ layers }: Located): Layer {
  return layers[layers.length - 1];
}

/** Operators that hold attention in unsupported forms, with the reason. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  GroupQueryAttention: "its queries and keys are inside the node, as in language models",
  PackedMultiHeadAttention: "its rows are packed over images",
  PackedAttention: "its rows are packed over images",
  Loop: "the tower is called in a loop",
  Scan: "the tower is called in a loop",
  EPContext: "it is compiled for one device",
};

function notFound(
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

/** Length of a hidden state, C; undefined if unknown. The last layer's first norm has it, or else the layer that makes its keys. */
export function towerWidth(located: Located): number | undefined {
  const { view } = located;
  const { attention, normed } = lastLayer(located);
  const width = vectorLength(view, normed);
  if (width !== undefined) return width;
  const linear = attention.key === undefined ? undefined : linearAt(view, attention.key);
  return linear && linearWidth(view, linear);
}
