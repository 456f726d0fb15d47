/**
 * @file Finds the layers of a vision tower by structure: attention, queries and keys, the hidden states before and after it. Attention
 * is a softmax of a product that feeds another product, or a fused node; searches go back from a tensor to its makers. Names are kept
 * for reports only. Rules: docs/onnx.md.
 */
import { axesOf } from "../graph/constants.js";
import { chainBack, type GraphView, viewGraph } from "../graph/graph-view.js";
import { isOf, type OnnxModel, type OnnxNode } from "../proto/model.js";
import { MICROSOFT } from "../proto/schema.js";
import type { Attention, Layer } from "./attention.js";
import { type FoundSoftmax, productTaker, readAxes } from "./attention-axes.js";
import { readLayer, vectorLength } from "./layer.js";
import { isMove, isScale, linearAt, linearWidth, wayBack } from "./linear.js";
import { notFound } from "./not-found.js";
import { isTokensFirst, queryAndKey, readsOf, type Source, sourceBehind, tokensOf } from "./queries-and-keys.js";
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

/** Length of a hidden state, C; undefined if unknown. The last layer's first norm has it, or else the layer that makes its keys. */
export function towerWidth(located: Located): number | undefined {
  const { view } = located;
  const { attention, normed } = lastLayer(located);
  const width = vectorLength(view, normed);
  if (width !== undefined) return width;
  const linear = attention.key === undefined ? undefined : linearAt(view, attention.key);
  return linear && linearWidth(view, linear);
}

/** All attention of a graph, in its order. */
function findAttentions(view: GraphView, opset: number): Attention[] {
  // Many attentions may read one tensor.
  const known = new Map<string, Source>();
  const sourceOf: FindSource = (name) => {
    const source = known.get(name) ?? sourceBehind(view, name);
    known.set(name, source);
    return source;
  };
  return view.nodes.flatMap((node) => readAttention(view, sourceOf, node, opset) ?? []);
}

type FindSource = (name: string) => Source;

function readAttention(view: GraphView, sourceOf: FindSource, node: OnnxNode, opset: number): Attention | undefined {
  // A node that lacks its input or output is no attention.
  if (!node.inputs[0] || !node.outputs[0]) return undefined;
  const softmax = softmaxAt(view, node, opset);
  if (softmax !== undefined) return fromSoftmax(view, sourceOf, softmax);
  if (isOf(node, "Attention") && node.domain === MICROSOFT) return fromPacked(node);
  if (isOf(node, "MultiHeadAttention")) return fromInputs(view, sourceOf, node, "multi-head");
  return isOf(node, "Attention") ? fromInputs(view, sourceOf, node, "onnx") : undefined;
}

/** A softmax: the node, or e / sum(e) of e = exp(x). */
function softmaxAt(view: GraphView, node: OnnxNode, opset: number): FoundSoftmax | undefined {
  const [output] = node.outputs;
  if (isOf(node, "Softmax")) {
    // Before 13 all axes from `axis` on are one row.
    const axis = Number(node.attributes.get("axis")?.int ?? (opset < 13 ? 1n : -1n));
    return { node, input: node.inputs[0], output, axis, isFrom: opset < 13 };
  }
  if (!isOf(node, "Div")) return undefined;
  const powers = view.producer.get(node.inputs[0]);
  const sum = view.producer.get(chainBack(view, node.inputs[1] ?? "", 2, sumBefore));
  if (!isOf(powers, "Exp") || !isOf(sum, "ReduceSum") || sum.inputs[0] !== powers.outputs[0]) return undefined;
  const axes = axesOf(view, sum);
  return axes?.length === 1 ? { node, input: powers.inputs[0], output, axis: axes[0], isFrom: false } : undefined;
}

/** A sum may be kept from 0 or cast. */
const sumBefore = (node: OnnxNode) =>
  isOf(node, "Add", "Clip", "Max", "Cast", "Identity") ? node.inputs[0] : undefined;

/** Softmax(Q K^T) V, with a scale, a mask, casts, transposes and reshapes in between. */
function fromSoftmax(view: GraphView, sourceOf: FindSource, softmax: FoundSoftmax): Attention | undefined {
  const { node, input, output } = softmax;
  const through = (each: OnnxNode) => isMove(each) || isScale(view, each) || isOf(each, "Add", "Where", "Sub");
  const way = wayBack(view, input, (name) => isProduct(view, view.producer.get(name)), through);
  const product = way && view.producer.get(way.at);
  const taker = productTaker(view, output, (each) => isProduct(view, each));
  if (product === undefined || taker === undefined) return undefined;
  const factors = product.inputs.slice(0, 2).map(sourceOf);
  const read = readAxes(view, softmax, { product, steps: way?.steps ?? [], factors }, taker);
  const found = { form: "softmax", node, probabilities: output } as const;
  if (typeof read === "string") return { ...found, problem: read, reads: readsOf(factors), unserved: read };
  const { axes, keySide, tokens } = read;
  const [query, key] = [factors[1 - keySide], factors[keySide]];
  return { ...found, axes, isTokensFirst: isTokensFirst(query, tokens), ...queryAndKey([query, key], tokens) };
}

function fromPacked(node: OnnxNode): Attention {
  return { form: "packed", node, reads: [node.inputs[0]], heads: headCount(node, "num_heads") };
}

function fromInputs(view: GraphView, sourceOf: FindSource, node: OnnxNode, form: "multi-head" | "onnx") {
  const [query, key] = node.inputs;
  // Query, key and value packed in the first input: there is no key.
  if (!query || !key || view.constant.has(query) || view.constant.has(key)) return undefined;
  const sources = [sourceOf(query), sourceOf(key)] as const;
  const reads = readsOf(sources);
  if (form === "multi-head") {
    const bias = node.inputs[3] || undefined;
    return { form, node, query, key, reads, heads: headCount(node, "num_heads"), bias };
  }
  const heads = headCount(node, "q_num_heads");
  // Heads as a number: the inputs are [B, L, C].
  if (heads !== undefined) return { form, node, query, key, reads, heads };
  const tokens = tokensOf(sources[0]);
  return { form, node, isTokensFirst: isTokensFirst(sources[0], tokens), ...queryAndKey(sources, tokens) };
}

function headCount({ attributes }: OnnxNode, name: string): number | undefined {
  const count = attributes.get(name)?.int;
  return count === undefined ? undefined : Number(count);
}

/** A matrix product of two tensors that both depend on the graph's inputs. */
function isProduct(view: GraphView, node: OnnxNode | undefined): boolean {
  return (
    isOf(node, "MatMul", "FusedMatMul", "Einsum") && node.inputs.slice(0, 2).every((name) => !view.constant.has(name))
  );
}
