/**
 * @file Finds the attention of a decoder with a cache: for each `past_key_values.N.key` the node that it meets the queries in, and the
 * place where scores can be raised; and what moves the rotation of positions.
 */
import { refusalFor } from "../../core/index.js";
import { type GraphView, label, nodeName, viewGraph } from "../graph/graph-view.js";
import { OnnxUnsupportedError } from "../proto/errors.js";
import { isOf, type OnnxModel, type OnnxNode } from "../proto/model.js";
import { MICROSOFT } from "../proto/schema.js";

/** `softmax`: written out. The others are nodes: com.microsoft GroupQueryAttention and MultiHeadAttention, ai.onnx Attention. */
export type DecoderAttentionForm = "softmax" | "grouped" | "multi-head" | "onnx";

/** Attention of a layer with a cache. */
export interface CachedAttention {
  readonly form: DecoderAttentionForm;
  /** Where a bias of the keys goes: the input `at` of this node. Of a softmax written out its scores, or those that a sink is put beside. */
  readonly node: OnnxNode;
  readonly at: number;
  /** Whether the layer keeps the last keys only: its scores are of those. */
  readonly windowed?: boolean;
}

/**
 * How positions reach the rotation. `tables`: attention nodes rotate by their own count, from tables with a row per position. `positions`: by
 * the input `position_ids`.
 */
export type PlacesBy = "tables" | "positions";

/** A decoder with a cache, as it was found. */
export interface LocatedDecoder {
  readonly view: GraphView;
  readonly opset: number;
  readonly attentions: readonly CachedAttention[];
  /** Caches that hold no keys (of convolutions, of linear attention): their layers have no scores. */
  readonly passedBy: readonly string[];
}

const KEYS = /^past_key_values\.\d+\.(decoder\.)?key$/;
const VALUES = /^past_key_values\.\d+\.(decoder\.)?value$/;

/** Whether a model has inputs for the keys of a cache. */
export function isDecoder({ graph }: OnnxModel): boolean {
  return graph.inputs.some(({ name }) => KEYS.test(name));
}

/** @throws OnnxUnsupportedError for a model without cached keys, and for attention of another kind, by node and reason. */
export function locateDecoder(model: OnnxModel): LocatedDecoder {
  const view = viewGraph(model.graph);
  const pasts = model.graph.inputs.map(({ name }) => name).filter((name) => name.startsWith("past_"));
  const keys = pasts.filter((name) => KEYS.test(name));
  if (keys.length === 0)
    throw refusalFor("tell", OnnxUnsupportedError)("a decoder with inputs past_key_values.N.key", "none");
  return {
    view,
    opset: model.opsets.get("") ?? 0,
    attentions: keys.map((name) => attentionOf(view, name)),
    passedBy: pasts.filter((name) => !KEYS.test(name) && !VALUES.test(name)),
  };
}

/** The error for a node that cannot be told something. */
export function untold(
  node: OnnxNode,
  reason: string,
  expected = "attention whose scores can be raised",
): OnnxUnsupportedError {
  return new OnnxUnsupportedError({
    operation: "tell",
    expected,
    got: `${label(node)}: ${reason}`,
    node: nodeName(node),
  });
}

function attentionOf(view: GraphView, past: string): CachedAttention {
  const takers = view.consumers.get(past) ?? [];
  const nested = takers.find((node) => isOf(node, "If", "Loop", "Scan"));
  if (nested !== undefined) throw untold(nested, "its layers stand in a graph of its own");
  const met = searchOn(
    view,
    past,
    (node) => isMove(node) || isWindow(view, node),
    (node, name) => FUSED.has(node.opType) || isProduct(view, node, name),
  );
  if (met === undefined) {
    const taker = takers.find(({ opType }) => opType !== "Shape");
    const refuse = refusalFor("tell", OnnxUnsupportedError);
    if (taker === undefined) throw refuse("a node that takes every cache", `${past}, which none takes`);
    throw untold(taker, `no product of queries with ${past} is found behind it`);
  }
  if (FUSED.has(met.node.opType)) return fusedAttention(met.node);
  const product = met;
  assertKeysLast(product.node, product.name);
  const found = searchOn(view, product.node.outputs[0], isBetween, (node) => isOf(node, "Softmax", "Concat"));
  if (found === undefined) throw untold(product.node, "no softmax of its scores is found");
  const { node, name } = found;
  if (isOf(node, "Softmax") && ![-1n, 3n].includes(node.attributes.get("axis")?.int ?? -1n)) {
    throw untold(node, `its softmax runs along axis ${node.attributes.get("axis")?.int}, not along the keys`);
  }
  const windowed = takers.some((taker) => isWindow(view, taker));
  return { form: "softmax", node, at: node.inputs.indexOf(name), windowed };
}

/** Attention as one node, that of today and that which takes no bias. */
const FUSED = new Set(
  "Attention GroupQueryAttention MultiHeadAttention PagedAttention SparseAttention DecoderMaskedMultiHeadAttention".split(
    " ",
  ),
);

/** With the position of its input for a bias of scores [B, H, S, T], by ONNX Runtime's docs/ContribOperators.md and ONNX's docs/Operators.md. */
function fusedAttention(node: OnnxNode): CachedAttention {
  const ours = node.domain === MICROSOFT;
  if (isOf(node, "GroupQueryAttention") && ours) {
    if (node.attributes.get("sliding_window_cache")?.int) throw untold(node, "its cache keeps the last tokens only");
    return { form: "grouped", node, at: 10 };
  }
  if (isOf(node, "MultiHeadAttention") && ours) return { form: "multi-head", node, at: 5 };
  if (isOf(node, "Attention") && !ours) return { form: "onnx", node, at: 3 };
  throw untold(node, "this operator takes no bias of keys");
}

/** Tensors that one search looks at; real ways take up to twenty. */
const MAX_SEEN = 512;

/** Goes on from a tensor, nearest first, through the nodes that `through` allows, to the first that is `found`, with the input that led there. */
function searchOn(
  view: GraphView,
  from: string,
  through: (node: OnnxNode) => boolean,
  found: (node: OnnxNode, name: string) => boolean,
): { node: OnnxNode; name: string } | undefined {
  const seen = new Set([from]);
  for (const name of seen) {
    for (const node of view.consumers.get(name) ?? []) {
      if (found(node, name)) return { node, name };
      if (seen.size < MAX_SEEN && through(node)) for (const output of node.outputs) if (output !== "") seen.add(output);
    }
  }
  return undefined;
}

/** Between a cache and the product: joined with the new keys, repeated for the queries that share them, turned, scaled. */
const isMove = (node: OnnxNode) =>
  isOf(node, ..."Concat Reshape Transpose Expand Unsqueeze Squeeze Identity Cast Mul Div Tile".split(" "));

/** Cuts a cache to its last keys. */
const isWindow = (view: GraphView, node: OnnxNode) =>
  isOf(node, "Slice") && node.inputs.slice(1).every((name) => view.constant.has(name));

/** Between the product and the softmax: scale, cap, mask. */
const isBetween = (node: OnnxNode) =>
  isOf(node, ..."Mul Div Tanh Add Sub Where Cast Identity Reshape Max Clip Min".split(" "));

function isProduct({ constant }: GraphView, node: OnnxNode, name: string): boolean {
  const factors = node.inputs.slice(0, 2);
  return (
    isOf(node, "MatMul", "FusedMatMul", "Einsum") && factors.includes(name) && !factors.some((one) => constant.has(one))
  );
}

/** Scores must have the keys along their last axis. */
function assertKeysLast(node: OnnxNode, keys: string): void {
  if (!isOf(node, "Einsum")) {
    if (node.inputs[1] !== keys) throw untold(node, "its scores have the keys in rows");
    return;
  }
  const [terms, result = ""] = (node.attributes.get("equation")?.text ?? "").replaceAll(" ", "").split("->");
  const [own, other] = node.inputs[1] === keys ? terms.split(",").reverse() : terms.split(",");
  const last = result.at(-1) ?? "";
  if (!own?.includes(last) || other?.includes(last))
    throw untold(node, `the result of ${terms}->${result} does not end with the keys`);
}
