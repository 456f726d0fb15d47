/** @file What a normalisation reads: the hidden states before it. */
import type { GraphView } from "../graph/graph-view.js";
import { isOf, variableInputs } from "../graph/walk.js";
import type { OnnxNode } from "../proto/model.js";

/** Hidden states that a graph holds, or the two terms whose sum they are where it holds only those. */
export type States = { readonly tensor: string } | { readonly sumOf: readonly string[] };

const NORMS = ["LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization"] as const;
/** ONNX Runtime's, which add the residual first. */
const SKIP_NORMS = ["SkipLayerNormalization", "SkipSimplifiedLayerNormalization"] as const;

export function isSkipNorm(
  node: OnnxNode | undefined,
): node is OnnxNode & { readonly opType: (typeof SKIP_NORMS)[number] } {
  return isOf(node, ...SKIP_NORMS);
}

/**
 * The states of which `name` is the normalised form; undefined if it is none. ONNX's nodes, ONNX Runtime's that add the residual
 * first, and the nine nodes that exporters write before opset 17.
 */
export function normalised(view: GraphView, name: string): States | undefined {
  // Files of mixed precision cast the normalised states.
  const node = normBehind(view, name);
  if (isSkipNorm(node)) return sumOfSkip(node);
  if (isOf(node, ...NORMS)) return node.inputs[0] ? { tensor: beforeCasts(view, node.inputs[0]) } : undefined;
  return decomposed(view, node);
}

/** A tensor, or that of which it is a cast or another name: the residual sums take that. */
function beforeCasts(view: GraphView, name: string): string {
  let at = name;
  for (let step = 0; step < 4; step++) {
    const node = view.producer.get(at);
    if (!isOf(node, "Cast", "Identity") || !node.inputs[0]) return at;
    at = node.inputs[0];
  }
  return at;
}

/** The node that makes a tensor, or that of which it is a cast or another name. */
export function normBehind(view: GraphView, name: string): OnnxNode | undefined {
  let node = view.producer.get(name);
  for (let step = 0; step < 4 && isOf(node, "Cast", "Identity"); step++) node = view.producer.get(node.inputs[0]);
  return node;
}

/** input + skip (+ bias): output 3 of the node, or the terms; undefined for a node that lacks them. */
export function sumOfSkip({ inputs, outputs }: OnnxNode): States | undefined {
  const [input, skip, , , bias] = inputs;
  if (!input || !skip) return undefined;
  return outputs[3] ? { tensor: outputs[3] } : { sumOf: [input, skip, ...(bias ? [bias] : [])] };
}

/** The normalised form of a sum that a node keeps inside; undefined if there is no such node. */
export function normOfSum(view: GraphView, [first, second]: readonly string[]): string | undefined {
  const node = (view.consumers.get(first) ?? []).find((each) => isSkipNorm(each) && each.inputs[1] === second);
  return node?.outputs[0];
}

/** Add(Mul(Div(Sub(x, ReduceMean(x)), Sqrt(…)), weight), bias), also without weight or bias. */
function decomposed(view: GraphView, last: OnnxNode | undefined): States | undefined {
  let node = last;
  for (let step = 0; step < 6; step++) {
    if (isOf(node, "Sub")) {
      const [x, mean] = node.inputs;
      const reduce = view.producer.get(mean);
      return isOf(reduce, "ReduceMean") && reduce.inputs[0] === x ? { tensor: x } : undefined;
    }
    if (!isOf(node, "Add", "Mul", "Div", "Cast")) return undefined;
    const [next] = variableInputs(view, node);
    node = next === undefined ? undefined : view.producer.get(next);
  }
  return undefined;
}
