/** @file Finds the attention of each layer by structure: a softmax of a product of two tensors that feeds another product, or a fused node. */

import type { GraphView } from "../graph/graph-view.js";
import { beforeMoves, isMove, isOf, isProduct, isScale, type Linear, linearBehind, searchBack } from "../graph/walk.js";
import type { OnnxNode } from "../proto/model.js";
import { MICROSOFT } from "../proto/schema.js";

/**
 * How a graph holds attention. `softmax`: written out. `onnx`: ai.onnx Attention (opset 23). `multi-head`: com.microsoft
 * MultiHeadAttention. `packed`: com.microsoft Attention, which has the weights of query, key and value in one.
 */
export type AttentionForm = "softmax" | "onnx" | "multi-head" | "packed";

export interface Attention {
  readonly form: AttentionForm;
  /** The softmax, or the fused node. */
  readonly node: OnnxNode;
  /** Probabilities [B, H, L, L] or [B * H, L, L]; fused nodes have none. */
  readonly probabilities?: string;
  /** Tensors with the queries and keys [B, L, C], bias in, not scaled; absent where one linear layer makes all three. */
  readonly query?: string;
  readonly key?: string;
  /** What the linear layers of queries and keys read. For self-attention it is one tensor. */
  readonly reads: readonly string[];
  /** Number of heads, where a fused node says it. */
  readonly heads?: number;
  /** Added to the queries and keys inside the node (MultiHeadAttention's bias of [query, key, value]). */
  readonly bias?: string;
}

export function findAttentions(view: GraphView): Attention[] {
  const linears: Linears = new Map();
  return view.nodes.flatMap((node) => readAttention(view, linears, node) ?? []);
}

/** The linear layers behind tensors, as they were found: many attentions may read one. */
type Linears = Map<string, Linear | undefined>;

function linearOf(view: GraphView, linears: Linears, name: string): Linear | undefined {
  if (linears.has(name)) return linears.get(name);
  const linear = linearBehind(view, name) ?? nearestLinear(view, name);
  linears.set(name, linear);
  return linear;
}

function readAttention(view: GraphView, linears: Linears, node: OnnxNode): Attention | undefined {
  // What a node lacks that it must have, it cannot be found by.
  if (!node.inputs[0] || !node.outputs[0]) return undefined;
  if (isOf(node, "Softmax")) return fromSoftmax(view, linears, node);
  if (isOf(node, "Attention") && node.domain === MICROSOFT) return fromPacked(node);
  if (isOf(node, "MultiHeadAttention"))
    return fromInputs(view, linears, node, "multi-head", node.attributes.get("num_heads")?.int);
  if (isOf(node, "Attention")) return fromInputs(view, linears, node, "onnx", node.attributes.get("q_num_heads")?.int);
  return undefined;
}

/** Softmax(Q K^T) V, with a scale, a mask, casts and reshapes in between. */
function fromSoftmax(view: GraphView, linears: Linears, node: OnnxNode): Attention | undefined {
  const scores = searchBack(
    view,
    node.inputs[0],
    (found) => isProduct(view, found),
    (found) => isMove(found) || isScale(view, found) || isOf(found, "Add", "Where", "Sub"),
  );
  if (scores === undefined || !feedsProduct(view, node.outputs[0])) return undefined;
  const found = scores.inputs.slice(0, 2).map((name) => linearOf(view, linears, name));
  return { form: "softmax", node, probabilities: node.outputs[0], ...queryAndKey(found) };
}

/** One linear layer for both means packed weights: then there is no tensor with the queries alone. */
function queryAndKey(linears: readonly (Linear | undefined)[]): Pick<Attention, "query" | "key" | "reads"> {
  const [query, key] = linears;
  const reads = linears.flatMap((linear) => (linear === undefined ? [] : [linear.input]));
  if (query === undefined || key === undefined || query.output === key.output) return { reads };
  return { query: query.output, key: key.output, reads };
}

/** Nodes between a softmax and the product that takes it, casts and masks; and the nodes looked at there. */
const MAX_BETWEEN = 5;
const MAX_TAKERS = 64;

/** Whether a tensor is, maybe after a cast or reshape, the first factor of a product. */
function feedsProduct(view: GraphView, softmax: string): boolean {
  let names = new Set([softmax]);
  let seen = 0;
  for (let step = 0; step < MAX_BETWEEN; step++) {
    const next = new Set<string>();
    for (const name of names) {
      for (const node of view.consumers.get(name) ?? []) {
        if (isProduct(view, node)) {
          if (node.inputs[0] === name) return true;
        } else if (isMove(node) || isOf(node, "Where", "Mul")) next.add(node.outputs[0]);
        if (++seen === MAX_TAKERS) return false;
      }
    }
    names = next;
  }
  return false;
}

/** The nearest linear layer over anything: rotary positions lie between it and the product. */
function nearestLinear(view: GraphView, name: string): Linear | undefined {
  let linear: Linear | undefined;
  searchBack(
    view,
    name,
    (node) => {
      linear = node.outputs[0] === undefined ? undefined : linearBehind(view, node.outputs[0]);
      return linear !== undefined;
    },
    () => true,
  );
  return linear;
}

function fromPacked(node: OnnxNode): Attention {
  return { form: "packed", node, reads: [node.inputs[0]], heads: toNumber(node.attributes.get("num_heads")?.int) };
}

function fromInputs(
  view: GraphView,
  linears: Linears,
  node: OnnxNode,
  form: "multi-head" | "onnx",
  heads: bigint | undefined,
): Attention | undefined {
  const names = node.inputs.slice(0, 2);
  // Query, key and value packed in the first input: there is no key.
  if (names.length < 2 || names.some((name) => name === "" || view.constant.has(name))) return undefined;
  const behind = names.map((name) => linearOf(view, linears, name));
  const bias = form === "multi-head" ? node.inputs[3] : undefined;
  const inputs = form === "multi-head" ? { query: names[0], key: names[1] } : {};
  // Before transposes and reshapes to heads: [B, L, C].
  const flat = { query: beforeMoves(view, names[0]), key: beforeMoves(view, names[1]) };
  const { reads, ...found } = queryAndKey(behind);
  const tensors = form === "multi-head" ? inputs : { ...flat, ...found };
  return { form, node, ...tensors, reads, heads: toNumber(heads), bias: bias === "" ? undefined : bias };
}

function toNumber(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}
