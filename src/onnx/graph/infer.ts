/** @file Number of axes of a tensor where the file declares none, from how it was made. */

import type { OnnxNode } from "../proto/model.js";
import type { GraphView } from "./graph-view.js";
import { LIKE_FIRST } from "./like-first.js";
import { isOf } from "./walk.js";

/** Steps from a tensor to those that it was made from; real chains end sooner. */
const MAX_DEPTH = 64;
/** Axes of a tensor at most; ONNX Runtime's own kernels take eight. */
const MAX_RANK = 64;

/** Number of axes of a tensor; undefined if it does not follow from the graph. */
export function rankOf(view: GraphView, name: string): number | undefined {
  const rank = rankFrom({ view, ranks: new Map(), lengths: new Map() }, name, 0);
  return rank !== undefined && rank >= 0 && rank <= MAX_RANK ? rank : undefined;
}

/** What was found on the way, as a tensor may be met on as many ways as there are paths to it. */
interface Search {
  readonly view: GraphView;
  readonly ranks: Map<string, number | undefined>;
  readonly lengths: Map<string, number | undefined>;
}

function rankFrom(search: Search, name: string, depth: number): number | undefined {
  const { view, ranks } = search;
  const known = view.declared.get(name)?.shape?.length ?? view.initializer.get(name)?.dims.length;
  if (known !== undefined || depth > MAX_DEPTH || ranks.has(name)) return known ?? ranks.get(name);
  const node = view.producer.get(name);
  const rank = node === undefined ? undefined : madeRank(search, node, node.outputs.indexOf(name), depth + 1);
  ranks.set(name, rank);
  return rank;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));
/** Of as many axes as the input that has most. */
const BROADCAST = words(
  "Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or Pow Sub Sum Xor",
);
/** Of as many axes as the first input, though of another type or not for every output. */
const RANK_LIKE_FIRST = words(
  "Cast CastLike ConvInteger DequantizeLinear DynamicQuantizeLinear GatherElements IsInf IsNaN " +
    "LayerNormalization Not QuantizeLinear RMSNormalization ScatterElements ScatterND SimplifiedLayerNormalization",
);
const PRODUCTS = words("DynamicQuantizeMatMul FusedMatMul MatMul MatMulInteger MatMulIntegerToFloat");
/** Inputs of a sum that are looked at. */
const MAX_INPUTS = 16;
const REDUCTIONS = words(
  "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare",
);

function madeRank(search: Search, node: OnnxNode, output: number, depth: number): number | undefined {
  const { opType, inputs, attributes } = node;
  const of = (i: number) => (inputs[i] === undefined ? undefined : rankFrom(search, inputs[i], depth));
  const length = (i: number) => (inputs[i] === undefined ? undefined : lengthOf(search, inputs[i], depth));
  const axes = () => attributes.get("axes")?.ints?.length ?? length(1);
  // Other outputs are means, masks and scales, but for these.
  if (output > 0 && !["Split", "TopK"].includes(opType) && !(opType.startsWith("Skip") && output === 3))
    return undefined;
  if (BROADCAST.has(opType)) return most(inputs.slice(0, MAX_INPUTS).map((_, i) => of(i)));
  if (PRODUCTS.has(opType)) return productRank(of(0), of(1));
  if (LIKE_FIRST.has(opType) || RANK_LIKE_FIRST.has(opType)) return of(0);
  if (REDUCTIONS.has(opType)) return keepsAxes(node) ? of(0) : less(of(0), axes());
  switch (opType) {
    case "Constant":
      return constantRank(attributes);
    case "Compress":
      return attributes.has("axis") ? of(0) : 1;
    case "MultiHeadAttention":
      return 3;
    case "Reshape":
    case "ConstantOfShape":
      return length(opType === "Reshape" ? 1 : 0);
    case "Expand":
      return most([of(0), length(1)]);
    case "Transpose":
      return attributes.get("perm")?.ints?.length ?? of(0);
    case "Squeeze":
      return less(of(0), axes());
    case "Unsqueeze":
      return less(of(0), negated(axes()));
    case "ArgMax":
    case "ArgMin":
      return keepsAxes(node) ? of(0) : less(of(0), 1);
    case "Gather":
      return less(most([of(0)]), less(1, of(1)));
    case "Where":
      return most([of(0), of(1), of(2)]);
    case "Flatten":
    case "Gemm":
    case "FusedGemm":
    case "NonZero":
      return 2;
    case "Shape":
    case "Range":
      return 1;
    case "Size":
      return 0;
    default:
      return undefined;
  }
}

function constantRank(attributes: OnnxNode["attributes"]): number | undefined {
  if (attributes.has("value_float") || attributes.has("value_int")) return 0;
  if (attributes.has("value_floats") || attributes.has("value_ints")) return 1;
  return attributes.get("value")?.tensor?.dims.length;
}

/** A vector among the factors loses its axis. */
function productRank(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  return Math.max(a, b) - (a === 1 ? 1 : 0) - (b === 1 ? 1 : 0) + (a === 1 && b === 1 ? 1 : 0);
}

function keepsAxes({ attributes }: OnnxNode): boolean {
  return attributes.get("keepdims")?.int !== 0n;
}

function less(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a - b;
}

function negated(a: number | undefined): number | undefined {
  return less(0, a);
}

function most(ranks: readonly (number | undefined)[]): number | undefined {
  if (ranks.length === 0) return undefined;
  return ranks.reduce((high, rank) => (high === undefined || rank === undefined ? undefined : Math.max(high, rank)));
}

/** Length of a vector, such as the shape that Reshape takes. */
function lengthOf(search: Search, name: string, depth: number): number | undefined {
  const { view, lengths } = search;
  const node = view.producer.get(name);
  const tensor = view.initializer.get(name) ?? node?.attributes.get("value")?.tensor;
  if (tensor !== undefined) return tensor.dims[0];
  if (node === undefined || depth > MAX_DEPTH || lengths.has(name)) return lengths.get(name);
  const length = madeLength(search, node, depth + 1);
  lengths.set(name, length);
  return length;
}

function madeLength(search: Search, node: OnnxNode, depth: number): number | undefined {
  const { inputs, attributes } = node;
  if (isOf(node, "Concat")) {
    let sum = 0;
    for (const input of inputs) {
      const length = lengthOf(search, input, depth);
      if (length === undefined) return undefined;
      sum += length;
    }
    return sum;
  }
  // A part of a shape: from `start` to `end` where attributes say so (operator set 15).
  if (isOf(node, "Shape") && attributes.size === 0) return rankFrom(search, inputs[0], depth);
  // A scalar as a vector, or a vector as one.
  if (isOf(node, "Unsqueeze", "Reshape")) {
    const rank = rankFrom(search, inputs[0], depth);
    if (rank === 0) return 1;
    return rank === 1 ? lengthOf(search, inputs[0], depth) : undefined;
  }
  if (isOf(node, "Cast", "Identity")) return lengthOf(search, inputs[0], depth);
  if (isOf(node, "Where", "Mul")) {
    const lengths = inputs.slice(0, 3).map((input) => {
      return rankFrom(search, input, depth) === 0 ? 1 : lengthOf(search, input, depth);
    });
    const known = lengths.filter((length) => length !== undefined);
    const longest = known.length === 0 ? undefined : Math.max(...known);
    // Of vectors that fit together all have one length, or one element.
    return known.length === lengths.length || (longest !== undefined && longest > 1) ? longest : undefined;
  }
  return undefined;
}
