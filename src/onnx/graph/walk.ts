/** @file Steps along a graph that the rules of `locate` are made of. All go back from a tensor to what it was made from. */

import type { OnnxNode } from "../proto/model.js";
import { MICROSOFT } from "../proto/schema.js";
import type { GraphView } from "./graph-view.js";

/** Longest chain of reshapes and scales between two nodes that matter; real ones have up to eight. */
const MAX_STEPS = 24;
/** Tensors looked at in one search; real ones take up to three, so this only bounds graphs made to be slow. */
const MAX_SEEN = 256;

/** Operators that only reorder, cast or cut their first input. */
const MOVES = new Set([
  "Reshape",
  "Transpose",
  "Cast",
  "Identity",
  "Squeeze",
  "Unsqueeze",
  "Flatten",
  "Slice",
  "Split",
  "Gather",
  "Dropout",
  "Contiguous",
]);

/** Whether there is a node, and it is one of these operators. */
export function isOf<T extends string>(
  node: OnnxNode | undefined,
  ...opTypes: readonly T[]
): node is OnnxNode & { readonly opType: T } {
  return node !== undefined && (opTypes as readonly string[]).includes(node.opType);
}

/** Inputs looked at: of the operators that matter here none has more. */
const MAX_INPUTS = 16;

/** The inputs that depend on the graph's inputs, among the first sixteen. */
export function variableInputs(view: GraphView, node: OnnxNode): string[] {
  return node.inputs.slice(0, MAX_INPUTS).filter((name) => name !== "" && !view.constant.has(name));
}

/** A matrix product of two tensors that both depend on the graph's inputs. */
export function isProduct(view: GraphView, node: OnnxNode): boolean {
  return (
    isOf(node, "MatMul", "FusedMatMul", "Einsum") && node.inputs.slice(0, 2).every((name) => !view.constant.has(name))
  );
}

/**
 * Goes back from a tensor over nodes that `through` lets pass, along every input that depends on the graph's inputs, nearest
 * first, to the first node for which `found` holds.
 */
export function searchBack(
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
export function beforeMoves(view: GraphView, name: string): string {
  let at = name;
  for (let step = 0; step < MAX_STEPS; step++) {
    const node = view.producer.get(at);
    if (!isOf(node, "Reshape", "Transpose", "Cast", "Identity", "Squeeze", "Unsqueeze", "Flatten", "Dropout"))
      return at;
    at = node.inputs[0];
  }
  return at;
}

export function isMove({ opType }: OnnxNode): boolean {
  return MOVES.has(opType);
}

/** A product or quotient with one operand that depends on the graph's inputs, such as a scale. */
export function isScale(view: GraphView, node: OnnxNode): boolean {
  return isOf(node, "Mul", "Div") && variableInputs(view, node).length === 1;
}

/** A linear layer: what it reads, and the tensor with its result, bias in. */
export interface Linear {
  readonly node: OnnxNode;
  readonly input: string;
  readonly output: string;
}

/**
 * The linear layer whose result (with its bias) a tensor is; undefined if it is none. Weights may be plain, packed in 4 bits
 * (MatMulNBits) or in 8 (MatMulInteger with its dynamic scales, or one of ONNX Runtime's fused forms).
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
export function linearBehind(view: GraphView, name: string): Linear | undefined {
  let at = name;
  for (let step = 0; step < MAX_STEPS; step++) {
    const linear = linearAt(view, at);
    if (linear !== undefined) return linear;
    const node = view.producer.get(at);
    if (node === undefined || !(isMove(node) || isScale(view, node))) return undefined;
    at = variableInputs(view, node)[0] ?? node.inputs[0];
  }
  return undefined;
}
