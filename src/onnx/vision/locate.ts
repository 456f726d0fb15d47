/**
 * @file Finds the layers of a vision tower by structure: attention, queries and keys, the hidden states before and after it. Names
 * are kept for reports only. Rules: docs/onnx.md.
 */
import { chainBack, type GraphView, isOf, label, nodeName, variableInputs, viewGraph } from "../graph/graph-view.js";
import { OnnxUnsupportedError } from "../proto/errors.js";
import type { OnnxModel, OnnxNode } from "../proto/model.js";
import { type Attention, findAttentions, type Layer, linearAt, type States } from "./locate-attention.js";

/** The layers of a vision tower in its graph. */
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
 * @throws OnnxUnsupportedError if there is none, naming the obstacle: a recurrent or packed form, a loop, or no attention at all.
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
  const before = statesBehindNorm(view, normed);
  if (before === undefined) return undefined;
  // Two residual sums: attention's, then that of the feed-forward part.
  const middle = nextSum(view, before);
  return { attention, normed, before, after: middle && nextSum(view, middle) };
}

/** Takers of a layer's states that are looked at; real ones are a norm, a sum, shapes and outputs. */
const MAX_TAKERS = 64;

/** The residual sum that takes these states: Add of two tensors, or the sum inside a SkipLayerNormalization. */
function nextSum(view: GraphView, states: States): States | undefined {
  if (!("tensor" in states)) return undefined;
  for (const node of (view.consumers.get(states.tensor) ?? []).slice(0, MAX_TAKERS)) {
    if (isOf(node, ...SKIP_NORMS) && node.inputs.slice(0, 2).includes(states.tensor)) return sumOfSkip(node);
    if (isOf(node, "Add") && node.outputs[0] && variableInputs(view, node).length === 2)
      return { tensor: node.outputs[0] };
  }
  return undefined;
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

function notFound({ graph: { nodes } }: GraphView, others: readonly Attention[]): OnnxUnsupportedError {
  const [node, reason] = obstacle(nodes, others);
  const got = node === undefined ? `${nodes.length} nodes without attention` : `${label(node)}: ${reason}`;
  const expected = "self-attention in a vision tower";
  return new OnnxUnsupportedError({ operation: "locate", expected, got, node: node && nodeName(node) });
}

/** The node that is in the way, and the reason; undefined for none. */
function obstacle(nodes: readonly OnnxNode[], others: readonly Attention[]): [node?: OnnxNode, reason?: string] {
  const refused = nodes.find(({ opType }) => Object.hasOwn(UNSUPPORTED, opType));
  if (refused !== undefined) return [refused, UNSUPPORTED[refused.opType]];
  if (others.length > 0) return [others[0].node, "its queries and keys do not read the same normalized states"];
  const fused = nodes.find((node) => isOf(node, "MultiHeadAttention", "Attention"));
  return [fused, "its queries and keys come packed in one input"];
}

const NORMS = ["LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization"] as const;
/** ONNX Runtime's, which add the residual first. */
const SKIP_NORMS = ["SkipLayerNormalization", "SkipSimplifiedLayerNormalization"] as const;

/**
 * The states of which `name` is the normalized form; undefined for other tensors. Norms are ONNX's nodes, ONNX Runtime's that add the
 * residual first, and the nine nodes that exporters write before opset 17.
 */
function statesBehindNorm(view: GraphView, name: string): States | undefined {
  // Files of mixed precision cast the normalized states.
  const node = normBehind(view, name);
  if (isOf(node, ...SKIP_NORMS)) return sumOfSkip(node);
  if (isOf(node, ...NORMS)) return node.inputs[0] ? { tensor: beforeCasts(view, node.inputs[0]) } : undefined;
  return statesOfDecomposed(view, beforeCasts(view, name));
}

/** Casts and other names in a row at most; real files have one or two. */
const MAX_CASTS = 4;

/** A tensor, or the one of which it is a cast or another name: the residual sums take that. */
function beforeCasts(view: GraphView, name: string): string {
  return chainBack(view, name, MAX_CASTS, (node) => (isOf(node, "Cast", "Identity") ? node.inputs[0] : undefined));
}

/** The node that makes a tensor, over casts and other names. */
export function normBehind(view: GraphView, name: string): OnnxNode | undefined {
  return view.producer.get(beforeCasts(view, name));
}

/** input + skip (+ bias): output 3 of the node, or the terms; undefined for a node that lacks them. */
function sumOfSkip({ inputs, outputs }: OnnxNode): States | undefined {
  const [input, skip, , , bias] = inputs;
  if (!input || !skip) return undefined;
  return outputs[3] ? { tensor: outputs[3] } : { sumOf: [input, skip, ...(bias ? [bias] : [])] };
}

/** The normalized form of a sum that a node keeps inside; undefined if there is no such node. */
export function normOfSum(view: GraphView, [first, second]: readonly string[]): string | undefined {
  const node = (view.consumers.get(first) ?? []).find((each) => isOf(each, ...SKIP_NORMS) && each.inputs[1] === second);
  return node?.outputs[0];
}

/** Nodes of a norm behind its subtraction of the mean at most. */
const MAX_NORM = 5;

/** Add(Mul(Div(Sub(x, ReduceMean(x)), Sqrt(…)), weight), bias), also without weight or bias. */
function statesOfDecomposed(view: GraphView, name: string): States | undefined {
  const difference = chainBack(view, name, MAX_NORM, (node) =>
    isOf(node, "Add", "Mul", "Div", "Cast") ? variableInputs(view, node)[0] : undefined,
  );
  const [states, mean] = inputsOf(view, difference, "Sub");
  return states && inputsOf(view, mean, "ReduceMean")[0] === states ? { tensor: states } : undefined;
}

/** The inputs of the node that makes a tensor, if it is this operator. */
function inputsOf(view: GraphView, name: string, opType: string): readonly string[] {
  const node = view.producer.get(name);
  return isOf(node, opType) ? node.inputs : [];
}

/** Length of a hidden state, C; undefined if unknown. The last layer's first norm has it, or else the layer that makes its keys. */
export function towerWidth(located: Located): number | undefined {
  const { view } = located;
  const { attention, normed } = lastLayer(located);
  const width = vectorLength(view, normed);
  if (width !== undefined) return width;
  const linear = attention.key === undefined ? undefined : linearAt(view, attention.key);
  if (linear === undefined) return undefined;
  const columns = linear.node.attributes.get("N")?.int;
  if (columns !== undefined) return Number(columns);
  const dims = view.initializer.get(linear.node.inputs[1])?.dims ?? [];
  return linear.node.attributes.get("transB")?.int === 1n ? dims[0] : dims.at(-1);
}

/** Length of a row of normalized states: that of the norm's first vector of weights; undefined if unknown. */
export function vectorLength(view: GraphView, normed: string): number | undefined {
  const inputs = normBehind(view, normed)?.inputs ?? [];
  return inputs.map((input) => view.initializer.get(input)?.dims).find((dims) => dims?.length === 1)?.[0];
}
