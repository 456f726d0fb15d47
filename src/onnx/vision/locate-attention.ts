/**
 * @file Finds the attention of each layer by structure: a softmax of a product that feeds another product, or a fused node. All
 * searches go back from a tensor to its makers.
 */
import { chainBack, type GraphView, isOf, variableInputs } from "../graph/graph-view.js";
import type { OnnxNode } from "../proto/model.js";
import { MICROSOFT } from "../proto/schema.js";

/**
 * The form of attention in a graph. `softmax`: written out. `onnx`: ai.onnx Attention (opset 23). `multi-head`: com.microsoft
 * MultiHeadAttention. `packed`: com.microsoft Attention, which has the weights of query, key and value in one.
 */
export type AttentionForm = "softmax" | "onnx" | "multi-head" | "packed";

/** Attention as it was found: its node, and the tensors around it. */
export interface Attention {
  readonly form: AttentionForm;
  /** The softmax, or the fused node. */
  readonly node: OnnxNode;
  /** Probabilities [B, H, L, L] or [B * H, L, L]; fused nodes have none. */
  readonly probabilities?: string;
  /** Tensors with the queries and keys [B, L, C], bias in, not scaled; absent where one linear layer makes all three. */
  readonly query?: string;
  readonly key?: string;
  /** The inputs of the linear layers of queries and keys. For self-attention it is one tensor. */
  readonly reads: readonly string[];
  /** Number of heads, where a fused node has it as an attribute. */
  readonly heads?: number;
  /** Added to the queries and keys inside the node (MultiHeadAttention's bias of [query, key, value]). */
  readonly bias?: string;
}

/** Hidden states that a graph holds, or their terms where it holds only those. */
export type States = { readonly tensor: string } | { readonly sumOf: readonly string[] };

/** A transformer layer with self-attention. */
export interface Layer {
  readonly attention: Attention;
  /** Normalized states that the linear layers read. */
  readonly normed: string;
  /** Hidden states before the layer, [B, L, C]. */
  readonly before: States;
  /** Hidden states after it; undefined where the graph ends sooner or adds them otherwise. */
  readonly after?: States;
}

/** All attention of a graph, in its order. */
export function findAttentions(view: GraphView): Attention[] {
  // Many attentions may read one tensor.
  const known = new Map<string, Linear | undefined>();
  const linearOf: FindLinear = (name) => {
    if (!known.has(name)) known.set(name, linearBehind(view, name) ?? nearestLinear(view, name));
    return known.get(name);
  };
  return view.nodes.flatMap((node) => readAttention(view, linearOf, node) ?? []);
}

/** The linear layer behind a tensor. */
type FindLinear = (name: string) => Linear | undefined;

function readAttention(view: GraphView, linearOf: FindLinear, node: OnnxNode): Attention | undefined {
  // A node that lacks its input or output is no attention.
  if (!node.inputs[0] || !node.outputs[0]) return undefined;
  if (isOf(node, "Softmax")) return fromSoftmax(view, linearOf, node);
  if (isOf(node, "Attention") && node.domain === MICROSOFT) return fromPacked(node);
  if (isOf(node, "MultiHeadAttention")) return fromInputs(view, linearOf, node, "multi-head");
  return isOf(node, "Attention") ? fromInputs(view, linearOf, node, "onnx") : undefined;
}

/** Softmax(Q K^T) V, with a scale, a mask, casts and reshapes in between. */
function fromSoftmax(view: GraphView, linearOf: FindLinear, node: OnnxNode): Attention | undefined {
  const through = (each: OnnxNode) => isMove(each) || isScale(view, each) || isOf(each, "Add", "Where", "Sub");
  const scores = searchBack(view, node.inputs[0], (each) => isProduct(view, each), through);
  if (scores === undefined || !feedsProduct(view, node.outputs[0])) return undefined;
  const found = scores.inputs.slice(0, 2).map(linearOf);
  return { form: "softmax", node, probabilities: node.outputs[0], ...queryAndKey(found) };
}

/** One linear layer for both means packed weights: then there is no tensor with the queries alone. */
function queryAndKey(linears: readonly (Linear | undefined)[]): Pick<Attention, "query" | "key" | "reads"> {
  const [query, key] = linears;
  const reads = linears.flatMap((linear) => (linear === undefined ? [] : [linear.input]));
  if (query === undefined || key === undefined || query.output === key.output) return { reads };
  return { query: query.output, key: key.output, reads };
}

/** Nodes between a softmax and the product that takes it (casts, masks) at most, and nodes that one search looks at. */
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
  const linearOf = ({ outputs }: OnnxNode) => (outputs[0] === undefined ? undefined : linearBehind(view, outputs[0]));
  const isFound = (node: OnnxNode) => linearOf(node) !== undefined;
  const node = searchBack(view, name, isFound, () => true);
  return node && linearOf(node);
}

function fromPacked(node: OnnxNode): Attention {
  return { form: "packed", node, reads: [node.inputs[0]], heads: headCount(node, "num_heads") };
}

function fromInputs(view: GraphView, linearOf: FindLinear, node: OnnxNode, form: "multi-head" | "onnx") {
  const [query, key] = node.inputs;
  // Query, key and value packed in the first input: there is no key.
  if (!query || !key || view.constant.has(query) || view.constant.has(key)) return undefined;
  const { reads, ...found } = queryAndKey([query, key].map(linearOf));
  if (form === "multi-head") {
    const bias = node.inputs[3] || undefined;
    return { form, node, query, key, reads, heads: headCount(node, "num_heads"), bias };
  }
  // Before transposes and reshapes to heads: [B, L, C].
  const flat = { query: beforeMoves(view, query), key: beforeMoves(view, key) };
  return { form, node, ...flat, ...found, reads, heads: headCount(node, "q_num_heads") };
}

function headCount({ attributes }: OnnxNode, name: string): number | undefined {
  const count = attributes.get(name)?.int;
  return count === undefined ? undefined : Number(count);
}

/** Longest chain of reshapes and scales in a search; real ones have up to eight. */
const MAX_STEPS = 24;
/** Tensors that one search looks at; real ones take up to three, so this only bounds graphs made to be slow. */
const MAX_SEEN = 256;

/** Operators that only reorder, cast or cut their first input. */
const MOVES = new Set(
  "Reshape Transpose Cast Identity Squeeze Unsqueeze Flatten Slice Split Gather Dropout Contiguous".split(" "),
);

/** A matrix product of two tensors that both depend on the graph's inputs. */
function isProduct(view: GraphView, node: OnnxNode): boolean {
  return (
    isOf(node, "MatMul", "FusedMatMul", "Einsum") && node.inputs.slice(0, 2).every((name) => !view.constant.has(name))
  );
}

/**
 * Goes back from a tensor, nearest first, to the first node for which `found` holds. It passes the nodes that `through` allows,
 * along every input that depends on the graph's inputs.
 */
function searchBack(
  view: GraphView,
  from: string,
  found: (node: OnnxNode) => boolean,
  through: (node: OnnxNode) => boolean,
): OnnxNode | undefined {
  let names = [from];
  const seen = new Set<string>();
  for (let step = 0; step < MAX_STEPS && names.length > 0; step++) {
    const next: string[] = [];
    for (const name of names) {
      if (seen.has(name)) continue;
      if (seen.size === MAX_SEEN) return undefined;
      seen.add(name);
      const node = view.producer.get(name);
      if (node === undefined) continue;
      if (found(node)) return node;
      if (through(node)) next.push(...variableInputs(view, node));
    }
    names = next;
  }
  return undefined;
}

/** Over reshapes, transposes and casts back to the tensor that they come from. */
function beforeMoves(view: GraphView, name: string): string {
  const isWhole = (node: OnnxNode) => isMove(node) && !isOf(node, "Slice", "Split", "Gather");
  return chainBack(view, name, MAX_STEPS, (node) => (isWhole(node) ? node.inputs[0] : undefined));
}

function isMove({ opType }: OnnxNode): boolean {
  return MOVES.has(opType);
}

/** A product or quotient with one operand that depends on the graph's inputs, such as a scale. */
function isScale(view: GraphView, node: OnnxNode): boolean {
  return isOf(node, "Mul", "Div") && variableInputs(view, node).length === 1;
}

/** A linear layer: its input, and the tensor with its result, bias in. */
export interface Linear {
  readonly node: OnnxNode;
  readonly input: string;
  readonly output: string;
}

/**
 * The linear layer whose result (with its bias) a tensor is; undefined if it is none. Weights may be plain, or packed in 4 bits
 * (MatMulNBits) or 8. Those in 8 are read by MatMulInteger with its dynamic scales, or by one of ONNX Runtime's fused forms.
 */
export function linearAt(view: GraphView, output: string): Linear | undefined {
  const node = view.producer.get(output);
  if (!isOf(node, "Add")) return productAt(view, node, output);
  const [term, ...more] = variableInputs(view, node);
  return term === undefined || more.length > 0 ? undefined : productAt(view, view.producer.get(term), output);
}

function productAt(view: GraphView, node: OnnxNode | undefined, output: string): Linear | undefined {
  if (node === undefined) return undefined;
  const [input, weight] = node.inputs;
  if (
    isOf(node, "MatMul", "Gemm", "FusedMatMul", "FusedGemm") &&
    view.constant.has(weight) &&
    !view.constant.has(input)
  ) {
    return { node, input, output };
  }
  if (isOf(node, "MatMulNBits", "DynamicQuantizeMatMul") && node.domain === MICROSOFT) return { node, input, output };
  if (isOf(node, "MatMulIntegerToFloat")) return { node, input: beforeQuantize(view, input), output };
  if (isOf(node, "Mul")) {
    // Mul(Cast(MatMulInteger(x, w)), scale of x times scale of w).
    for (const name of node.inputs.slice(0, 2)) {
      const product = view.producer.get(beforeMoves(view, name));
      if (isOf(product, "MatMulInteger"))
        return { node: product, input: beforeQuantize(view, product.inputs[0]), output };
    }
  }
  return undefined;
}

function beforeQuantize(view: GraphView, name: string): string {
  const node = view.producer.get(name);
  return isOf(node, "DynamicQuantizeLinear") ? node.inputs[0] : name;
}

/** The nearest linear layer behind a tensor, over reshapes, casts and scales. */
function linearBehind(view: GraphView, name: string): Linear | undefined {
  const before = chainBack(view, name, MAX_STEPS, (node, at) => {
    if (linearAt(view, at) !== undefined || !(isMove(node) || isScale(view, node))) return undefined;
    return variableInputs(view, node)[0] ?? node.inputs[0];
  });
  return linearAt(view, before);
}
