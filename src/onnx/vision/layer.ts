/** @file A layer around its attention: the states that its residual sum adds to, before or behind a norm, and the states after it. */
import { constantTensor } from "../graph/constants.js";
import { chainBack, type GraphView, variableInputs } from "../graph/graph-view.js";
import { isOf, type OnnxNode } from "../proto/model.js";
import type { Attention, Layer, States } from "./attention.js";

const NORMS = ["LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization"] as const;
/** ONNX Runtime's, which add the residual first. */
const SKIP_NORMS = ["SkipLayerNormalization", "SkipSimplifiedLayerNormalization"] as const;

/**
 * The layer of an attention; undefined where queries and keys read different tensors, or such that are neither normalized states nor
 * what the residual sum adds to.
 */
export function readLayer(view: GraphView, attention: Attention): Layer | undefined {
  const [normed, ...more] = new Set(attention.reads);
  if (normed === undefined || more.length > 0) return undefined;
  const { terms, turns } = termsOf(view, normed);
  const behind = terms.map((term) => statesBehindNorm(view, term)).find((states) => states !== undefined);
  const isTokensFirst = (attention.isTokensFirst ?? false) !== turns;
  const sum = residualSum(view, attention, [
    ...(behind !== undefined && "tensor" in behind ? [behind.tensor] : []),
    ...terms,
  ]);
  if (sum !== undefined && terms.includes(beforeCasts(view, sum.states))) {
    return { attention, normed, before: { tensor: sum.states }, after: afterPostNorm(view, sum), isTokensFirst };
  }
  if (behind === undefined) return undefined;
  return { attention, normed, before: behind, after: afterPreNorm(view, behind, sum), isTokensFirst };
}

/** Turns of [B, L, C] to [L, B, C] and casts in a row at most. */
const MAX_TURNS = 4;

/** The tensor that linear layers read, before turns, with the terms of a sum: positions may be added for queries and keys alone. */
function termsOf(view: GraphView, normed: string): { terms: readonly string[]; turns: boolean } {
  let turns = false;
  const at = chainBack(view, normed, MAX_TURNS, (node) => {
    const isTurn = isOf(node, "Transpose") && node.attributes.get("perm")?.ints?.join() === "1,0,2";
    if (isTurn) turns = !turns;
    return isTurn || isOf(node, "Cast", "Identity") ? node.inputs[0] : undefined;
  });
  const node = view.producer.get(at);
  const terms = isOf(node, "Add") ? variableInputs(view, node).map((term) => beforeCasts(view, term)) : [];
  return { terms: [at, ...terms], turns };
}

/** A residual sum: the states that it adds to, the node, and whether other parts of the layer are in it already. */
interface ResidualSum {
  readonly states: string;
  readonly node: OnnxNode;
  readonly isLast: boolean;
}

/** Nodes from an attention to its residual sum at most, and nodes that the search looks at. */
const MAX_STEPS = 24;
const MAX_SEEN = 256;

/** The sum that adds the result of an attention to one of these states; undefined where the graph ends sooner. */
function residualSum(view: GraphView, { node }: Attention, states: readonly string[]): ResidualSum | undefined {
  let ends = node.outputs.slice(0, 1).map((name) => ({ name, isLast: false }));
  const seen = new Set(ends.map(({ name }) => name));
  for (let step = 0; step < MAX_STEPS && ends.length > 0; step++) {
    const next: typeof ends = [];
    for (const { name, isLast } of ends) {
      for (const taker of (view.consumers.get(name) ?? []).slice(0, MAX_TAKERS)) {
        const operands = isSum(view, taker) ? taker.inputs.slice(0, 2) : [];
        const found = operands.find((each) => each !== name && states.includes(beforeCasts(view, each)));
        if (found !== undefined) return { states: found, node: taker, isLast };
        const [output] = taker.outputs;
        if (!output || seen.has(output)) continue;
        if (seen.size === MAX_SEEN) return undefined;
        seen.add(output);
        next.push({ name: output, isLast: isLast || (operands.length === 2 && isOf(taker, "Add")) });
      }
    }
    ends = next;
  }
  return undefined;
}

/** Whether a node adds two tensors that both depend on the graph's inputs. */
function isSum(view: GraphView, node: OnnxNode): boolean {
  return isOf(node, ...SKIP_NORMS) || (isOf(node, "Add") && variableInputs(view, node).length === 2);
}

/** Two residual sums: attention's, then that of the feed-forward part. Where both parts are added at once, there is one. */
function afterPreNorm(view: GraphView, before: States, sum: ResidualSum | undefined): States | undefined {
  if (sum?.isLast && sum.node.outputs[0]) return { tensor: sum.node.outputs[0] };
  const middle = nextSum(view, before);
  return middle && nextSum(view, middle);
}

/** Both sums are normalized; the next layer reads the second norm. */
function afterPostNorm(view: GraphView, { node }: ResidualSum): States | undefined {
  const middle = normOf(view, node);
  if (middle === undefined) return undefined;
  const second = (view.consumers.get(middle) ?? []).slice(0, MAX_TAKERS).find((taker) => isSum(view, taker));
  const tensor = second && normOf(view, second);
  return tensor === undefined ? undefined : { tensor };
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

/** The normalized form of a node's sum: its own result, that of a norm, or of the nodes that exporters write before opset 17. */
function normOf(view: GraphView, sum: OnnxNode): string | undefined {
  const [output] = sum.outputs;
  if (isOf(sum, ...SKIP_NORMS) || !output) return output || undefined;
  const takers = (view.consumers.get(output) ?? []).slice(0, MAX_TAKERS);
  const norm = takers.find((node) => isOf(node, ...NORMS) && node.inputs[0] === output);
  if (norm !== undefined) return norm.outputs[0];
  const difference = takers.find(
    (node) => isOf(node, "Sub") && statesOfDecomposed(view, node.outputs[0] ?? "") !== undefined,
  );
  // Scaled, then times weights, then plus a bias.
  let at = difference?.outputs[0];
  for (const opType of ["Div", "Mul", "Add"]) {
    const next =
      at === undefined ? undefined : (view.consumers.get(at) ?? []).find((node) => isStepOfNorm(view, node, opType));
    if (next === undefined && opType === "Div") return undefined;
    at = next?.outputs[0] ?? at;
  }
  return at;
}

function isStepOfNorm(view: GraphView, node: OnnxNode, opType: string): boolean {
  return node.opType === opType && (opType === "Div" || variableInputs(view, node).length === 1);
}

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

/** Length of a row of normalized states: that of the norm's first vector of weights; undefined if unknown. */
export function vectorLength(view: GraphView, normed: string): number | undefined {
  const inputs = normBehind(view, normed)?.inputs ?? [];
  return inputs.map((input) => constantTensor(view, input)?.dims).find((dims) => dims?.length === 1)?.[0];
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
