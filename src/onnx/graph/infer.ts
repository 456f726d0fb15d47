/**
 * @file Element type and number of axes of a tensor where the file declares none, from its maker. Operators by ONNX's
 * docs/Operators.md and ONNX Runtime's docs/ContribOperators.md; any other is unknown, and is not guessed.
 */
import type { OnnxNode } from "../proto/model.js";
import { DATA_TYPES } from "../proto/schema.js";
import { type GraphView, isOf, MAX_INPUTS } from "./graph-view.js";

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** The first result has the element type and the number of axes of the first input. */
const LIKE_FIRST = words(
  "Abs Acos Acosh Asin Asinh Atan Atanh Attention AveragePool BatchNormalization BiasGelu BiasSplitGelu " +
    "BitwiseNot Ceil Celu Clip Concat Conv Cos Cosh CumSum Dropout Elu Erf Exp FastGelu Floor Gelu " +
    "GlobalAveragePool GlobalLpPool GlobalMaxPool GroupNorm GroupNormalization HardSigmoid HardSwish Hardmax " +
    "Identity InstanceNormalization LRN LeakyRelu Log LogSoftmax LpNormalization LpPool MatMulBnb4 MatMulNBits " +
    "MaxPool MeanVarianceNormalization Mish Neg PRelu Pad QuickGelu Reciprocal Relu Resize RotaryEmbedding Round " +
    "Selu Shrink Sigmoid Sign Sin Sinh SkipLayerNormalization SkipSimplifiedLayerNormalization Slice Softmax " +
    "Softplus Softsign Split Sqrt Swish Tan Tanh ThresholdedRelu Tile TopK Trilu",
);

/** Outputs but the first that are like the input: parts, and the sum that a norm adds up first. */
function isLikeFirst(opType: string, output: number): boolean {
  return output === 0 || opType === "Split" || (opType.startsWith("Skip") && output === 3);
}

/** Nodes from a tensor back to one of a known type at most; real chains are shorter than the graph. */
const MAX_STEPS = 4096;

/** TensorProto.DataType of a tensor; undefined if it does not follow from the graph. */
export function elementType(view: GraphView, name: string): number | undefined {
  let at: string | undefined = name;
  for (let step = 0; step < MAX_STEPS && at !== undefined; step++) {
    const known = view.declared.get(at)?.dataType ?? view.initializer.get(at)?.dataType;
    if (known !== undefined) return known;
    const node = view.producer.get(at);
    if (node === undefined) return undefined;
    const made = madeType(node, node.outputs.indexOf(at));
    if (typeof made === "number") return made;
    at = made === undefined ? undefined : node.inputs[made.input];
  }
  return undefined;
}

const BOOL = words("And Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Not Or Xor");
const INT64 = words("ArgMax ArgMin NonZero Shape Size");
/** Of the type of their first input, but with other axes. */
const TYPE_LIKE_FIRST = words(
  "Add BitwiseAnd BitwiseOr Compress DepthToSpace Div Einsum Expand Flatten FusedConv FusedGemm FusedMatMul Gather GatherElements " +
    "GatherND Gemm MatMul Max Mean Min Mod Mul MultiHeadAttention Pow Range ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean " +
    "ReduceMin ReduceProd ReduceSum ReduceSumSquare Reshape ScatterElements ScatterND SpaceToDepth Squeeze Sub Sum Transpose Unsqueeze",
);

/** The type of a node's output, or the input that has it. */
function madeType({ opType, inputs, attributes }: OnnxNode, output: number): number | { input: number } | undefined {
  const { float32, int32, int64, uint8, bool } = DATA_TYPES;
  if (output > 0) return furtherType(opType, output);
  if (BOOL.has(opType)) return bool.id;
  if (INT64.has(opType)) return int64.id;
  switch (opType) {
    case "Cast":
      return Number(attributes.get("to")?.int ?? 0n) || undefined;
    case "CastLike":
    case "Where":
    case "DequantizeLinear":
    // The scale's, which in files of mixed precision is not the input's.
    case "LayerNormalization":
    case "SimplifiedLayerNormalization":
    case "RMSNormalization":
      return { input: 1 };
    case "OneHot":
      return { input: 2 };
    case "QuantizeLinear":
      return inputs[2] ? { input: 2 } : Number(attributes.get("output_dtype")?.int ?? 0n) || uint8.id;
    case "DynamicQuantizeLinear":
      return uint8.id;
    case "MatMulInteger":
    case "ConvInteger":
      return int32.id;
    case "DynamicQuantizeMatMul":
    case "MatMulIntegerToFloat":
      return float32.id;
    case "ConstantOfShape":
      return attributes.get("value")?.tensor?.dataType ?? float32.id;
    case "Constant":
      return constantType(attributes);
    default:
      return LIKE_FIRST.has(opType) || TYPE_LIKE_FIRST.has(opType) ? { input: 0 } : undefined;
  }
}

/** The type of an output but the first. */
function furtherType(opType: string, output: number): number | { input: number } | undefined {
  if (opType === "TopK" || opType === "MaxPool") return DATA_TYPES.int64.id;
  if (opType === "DynamicQuantizeLinear") return output === 1 ? DATA_TYPES.float32.id : DATA_TYPES.uint8.id;
  return isLikeFirst(opType, output) ? { input: 0 } : undefined;
}

function constantType(attributes: OnnxNode["attributes"]): number | undefined {
  const tensor = attributes.get("value")?.tensor;
  if (tensor !== undefined) return tensor.dataType;
  if (attributes.has("value_int") || attributes.has("value_ints")) return DATA_TYPES.int64.id;
  return attributes.has("value_float") || attributes.has("value_floats") ? DATA_TYPES.float32.id : undefined;
}

/** Steps back from a tensor to its makers; real chains end sooner. */
const MAX_DEPTH = 64;
/** Axes of a tensor at most; ONNX Runtime's own kernels take eight. */
const MAX_RANK = 64;

/** Number of axes of a tensor; undefined if it does not follow from the graph. */
export function rankOf(view: GraphView, name: string): number | undefined {
  const rank = rankFrom({ view, ranks: new Map(), lengths: new Map() }, name, 0);
  return rank !== undefined && rank >= 0 && rank <= MAX_RANK ? rank : undefined;
}

/** Results so far, as a search may meet a tensor on each of the paths to it. */
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
const REDUCTIONS = words(
  "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare",
);

function madeRank(search: Search, node: OnnxNode, output: number, depth: number): number | undefined {
  const { opType, inputs, attributes } = node;
  const of = (i: number) => (inputs[i] === undefined ? undefined : rankFrom(search, inputs[i], depth));
  const length = (i: number) => (inputs[i] === undefined ? undefined : lengthOf(search, inputs[i], depth));
  const axes = () => attributes.get("axes")?.ints?.length ?? length(1);
  // Other outputs are means, masks and scales.
  if (!isLikeFirst(opType, output) && opType !== "TopK") return undefined;
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
      return plus(of(0), axes());
    case "ArgMax":
    case "ArgMin":
      return keepsAxes(node) ? of(0) : less(of(0), 1);
    case "Gather":
      return plus(less(of(0), 1), of(1));
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

function plus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
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
    const added = (sum: number | undefined, input: string) =>
      sum === undefined ? undefined : plus(sum, lengthOf(search, input, depth));
    return inputs.reduce(added, 0);
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
    const lengthAs = (input: string) => (rankFrom(search, input, depth) === 0 ? 1 : lengthOf(search, input, depth));
    const lengths = inputs.slice(0, 3).map(lengthAs);
    const known = lengths.filter((length) => length !== undefined);
    const longest = known.length === 0 ? undefined : Math.max(...known);
    // Of vectors that fit together all have one length, or one element.
    return known.length === lengths.length || (longest !== undefined && longest > 1) ? longest : undefined;
  }
  return undefined;
}
