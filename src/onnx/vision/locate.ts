/**
 * @file Finds the parts of a vision tower by structure, not by names: the attention of each layer, its queries and keys, the
 * hidden states before and after it. Names are kept for reports only. Rules: docs/onnx.md.
 */

import { type GraphView, viewGraph } from "../graph/graph-view.js";
import { isOf, variableInputs } from "../graph/walk.js";
import { OnnxUnsupportedError } from "../proto/errors.js";
import type { OnnxGraph, OnnxModel, OnnxNode } from "../proto/model.js";
import { type Attention, findAttentions } from "./locate-attention.js";
import { isSkipNorm, normalised, type States, sumOfSkip } from "./locate-norm.js";

/** A transformer layer with self-attention. */
export interface Layer {
  readonly attention: Attention;
  /** Normalised states that the linear layers read. */
  readonly normed: string;
  /** Hidden states before the layer, [B, L, C]. */
  readonly before: States;
  /** Hidden states after it; undefined where the graph ends sooner or adds them otherwise. */
  readonly after?: States;
  /** The layer's number if names tell it, for reports and cross-checks. */
  readonly named?: number;
}

export interface Located {
  readonly view: GraphView;
  /** Version of the ai.onnx operators. */
  readonly opset: number;
  /** Self-attention layers, in the graph's order. */
  readonly layers: readonly Layer[];
  /** Other attention: SigLIP's pooling head asks with a learned query. */
  readonly others: readonly Attention[];
}

/**
 * Finds every self-attention layer of a vision tower.
 *
 * @throws OnnxUnsupportedError if there is none; names what is in the way: a recurrent or packed form that is not served, a tower
 *   that is called in a loop, or no attention at all.
 */
export function locate(model: OnnxModel): Located {
  const view = viewGraph(model.graph);
  const layers: Layer[] = [];
  const others: Attention[] = [];
  for (const attention of findAttentions(view)) {
    const layer = readLayer(view, attention);
    if (layer === undefined) others.push(attention);
    else layers.push(layer);
  }
  if (layers.length === 0) throw notFound(view, others);
  return { view, opset: model.opsets.get("") ?? 0, layers, others };
}

/** The layer whose attention comes last in the graph: the last one that feeds the outputs, in files without dead nodes. */
export function lastLayer({ layers }: Located): Layer {
  return layers[layers.length - 1];
}

function readLayer(view: GraphView, attention: Attention): Layer | undefined {
  const [normed, ...more] = new Set(attention.reads);
  if (normed === undefined || more.length > 0) return undefined;
  const before = normalised(view, normed);
  if (before === undefined) return undefined;
  return { attention, normed, before, after: statesAfter(view, before), named: layerNumber(attention.node) };
}

/** Two residual sums after the states: attention's, then that of the feed-forward part. */
function statesAfter(view: GraphView, before: States): States | undefined {
  const middle = nextSum(view, before);
  return middle === undefined ? undefined : nextSum(view, middle);
}

/** Nodes that take a layer's states; a real one's are a norm, a sum, and shapes and outputs. */
const MAX_TAKERS = 64;

/** The residual sum that takes these states: Add of two tensors, or the sum inside a SkipLayerNormalization. */
function nextSum(view: GraphView, states: States): States | undefined {
  if (!("tensor" in states)) return undefined;
  for (const node of (view.consumers.get(states.tensor) ?? []).slice(0, MAX_TAKERS)) {
    if (isSkipNorm(node) && node.inputs.slice(0, 2).includes(states.tensor)) return sumOfSkip(node);
    if (isOf(node, "Add") && node.outputs[0] && variableInputs(view, node).length === 2)
      return { tensor: node.outputs[0] };
  }
  return undefined;
}

/** The number in "…/layers.22/self_attn/…" or "…blocks.3…". */
function layerNumber({ name, outputs }: OnnxNode): number | undefined {
  const match = /(?:layers?|blocks?|resblocks)[._/](\d+)/.exec(`${name} ${outputs[0] ?? ""}`);
  return match === null ? undefined : Number(match[1]);
}

/** Operators that hold attention in forms that are not served, with the reason. */
const NOT_SERVED: Readonly<Record<string, string>> = {
  GroupQueryAttention: "its queries and keys are inside the node, as in language models",
  PackedMultiHeadAttention: "its rows are packed over pictures",
  PackedAttention: "its rows are packed over pictures",
  Loop: "the tower is called in a loop",
  Scan: "the tower is called in a loop",
  EPContext: "it is compiled for one device",
};

function notFound({ graph }: GraphView, others: readonly Attention[]): OnnxUnsupportedError {
  const [node, reason] = obstacle(graph, others) ?? [];
  const name = node === undefined ? undefined : node.name || node.outputs[0];
  const got =
    node === undefined ? `${graph.nodes.length} nodes without attention` : `${node.opType} ${name}: ${reason}`;
  return new OnnxUnsupportedError({
    operation: "locate",
    expected: "self-attention in a vision tower",
    got,
    node: name,
  });
}

/** The node that is in the way, and why. */
function obstacle({ nodes }: OnnxGraph, others: readonly Attention[]): [OnnxNode, string] | undefined {
  const refused = nodes.find(({ opType }) => Object.hasOwn(NOT_SERVED, opType));
  if (refused !== undefined) return [refused, NOT_SERVED[refused.opType]];
  if (others.length > 0) return [others[0].node, "its queries and keys do not read the same normalised states"];
  const fused = nodes.find((node) => isOf(node, "MultiHeadAttention", "Attention"));
  return fused && [fused, "its queries and keys come packed in one input"];
}
