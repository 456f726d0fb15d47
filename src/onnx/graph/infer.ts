/**
 * @file Element type and number of axes of a tensor where the file declares none, from its maker. Operators by ONNX's
 * docs/Operators.md and ONNX Runtime's docs/ContribOperators.md; any other is unknown, and is not guessed.
 */
import type { OnnxNode } from "../proto/model.js";
import { DATA_TYPES, type DataTypeName } from "../proto/schema.js";
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

const ARITHMETIC = "Add Div Max Mean Min Mod Mul Pow Sub Sum";
const COMPARISONS = "And Equal Greater GreaterOrEqual Less LessOrEqual Or Xor";
const REDUCTIONS =
  "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare";

/** Operators of one type of result. */
const TYPES: readonly [type: DataTypeName, opTypes: ReadonlySet<string>][] = [
  ["bool", words(`${COMPARISONS} IsInf IsNaN Not`)],
  ["int64", words("ArgMax ArgMin NonZero Shape Size")],
  ["int32", words("ConvInteger MatMulInteger")],
  ["float32", words("DynamicQuantizeMatMul MatMulIntegerToFloat")],
  ["uint8", words("DynamicQuantizeLinear")],
];

/** Of the type of their first input, but with other axes. */
const TYPE_LIKE_FIRST = words(
  `${ARITHMETIC} ${REDUCTIONS} BitwiseAnd BitwiseOr Compress DepthToSpace Einsum Expand Flatten FusedConv FusedGemm FusedMatMul ` +
    "Gather GatherElements GatherND Gemm MatMul MultiHeadAttention Range Reshape ScatterElements ScatterND SpaceToDepth " +
    "Squeeze Transpose Unsqueeze",
);

/** Of the type of their second input. For a norm that is its scale, which in files of mixed precision has another type. */
const TYPE_LIKE_SECOND = words(
  "CastLike DequantizeLinear LayerNormalization RMSNormalization SimplifiedLayerNormalization Where",
);

/** The type of a node's output, or the input that has it. */
function madeType({ opType, inputs, attributes }: OnnxNode, output: number): number | { input: number } | undefined {
  if (output > 0) return furtherType(opType, output);
  const [type] = TYPES.find(([, opTypes]) => opTypes.has(opType)) ?? [];
  if (type !== undefined) return DATA_TYPES[type].id;
  if (LIKE_FIRST.has(opType) || TYPE_LIKE_FIRST.has(opType)) return { input: 0 };
  if (TYPE_LIKE_SECOND.has(opType)) return { input: 1 };
  const typeIn = (name: string) => Number(attributes.get(name)?.int ?? 0n) || undefined;
  switch (opType) {
    case "Cast":
      return typeIn("to");
    case "OneHot":
      return { input: 2 };
    case "QuantizeLinear":
      return inputs[2] ? { input: 2 } : (typeIn("output_dtype") ?? DATA_TYPES.uint8.id);
    case "ConstantOfShape":
      return attributes.get("value")?.tensor?.dataType ?? DATA_TYPES.float32.id;
    case "Constant":
      return constantType(attributes);
    default:
      return undefined;
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
  return rank >= 0 && rank <= MAX_RANK ? rank : undefined;
}

/** Results so far, as a search may meet a tensor on each of the paths to it. Unknown ones are NaN, which arithmetic passes on. */
interface Search {
  readonly view: GraphView;
  readonly ranks: Map<string, number>;
  readonly lengths: Map<string, number>;
}

function rankFrom(search: Search, name: string, depth: number): number {
  const { view, ranks } = search;
  const known = view.declared.get(name)?.shape?.length ?? view.initializer.get(name)?.dims.length ?? ranks.get(name);
  if (known !== undefined || depth > MAX_DEPTH) return known ?? Number.NaN;
  const node = view.producer.get(name);
  const rank = node === undefined ? Number.NaN : madeRank(search, node, node.outputs.indexOf(name), depth + 1);
  ranks.set(name, rank);
  return rank;
}

/** Of as many axes as the input that has most. */
const BROADCAST = words(`${ARITHMETIC} ${COMPARISONS}`);
/** Of as many axes as the first input, though of another type or not for every output. */
const RANK_LIKE_FIRST = words(
  "Cast CastLike ConvInteger DequantizeLinear DynamicQuantizeLinear GatherElements IsInf IsNaN " +
    "LayerNormalization Not QuantizeLinear RMSNormalization ScatterElements ScatterND SimplifiedLayerNormalization",
);
const PRODUCTS = words("DynamicQuantizeMatMul FusedMatMul MatMul MatMulInteger MatMulIntegerToFloat");
const REDUCED = words(REDUCTIONS);

/** Operators whose results always have as many axes. */
const RANKS: readonly [rank: number, opTypes: ReadonlySet<string>][] = [
  [3, words("MultiHeadAttention")],
  [2, words("Flatten FusedGemm Gemm NonZero")],
  [1, words("Range Shape")],
  [0, words("Size")],
];

function madeRank(search: Search, node: OnnxNode, output: number, depth: number): number {
  const { opType, inputs, attributes } = node;
  const of = (i: number) => (inputs[i] === undefined ? Number.NaN : rankFrom(search, inputs[i], depth));
  const length = (i: number) => (inputs[i] === undefined ? Number.NaN : lengthOf(search, inputs[i], depth));
  const axes = () => attributes.get("axes")?.ints?.length ?? length(1);
  const keepsAxes = attributes.get("keepdims")?.int !== 0n;
  // Other outputs are means, masks and scales.
  if (!isLikeFirst(opType, output) && opType !== "TopK") return Number.NaN;
  if (BROADCAST.has(opType)) return Math.max(...inputs.slice(0, MAX_INPUTS).map((_, i) => of(i)));
  if (PRODUCTS.has(opType)) return productRank(of(0), of(1));
  if (LIKE_FIRST.has(opType) || RANK_LIKE_FIRST.has(opType)) return of(0);
  if (REDUCED.has(opType)) return keepsAxes ? of(0) : of(0) - axes();
  switch (opType) {
    case "Constant":
      return constantRank(attributes);
    case "Compress":
      return attributes.has("axis") ? of(0) : 1;
    case "Reshape":
    case "ConstantOfShape":
      return length(opType === "Reshape" ? 1 : 0);
    case "Expand":
      return Math.max(of(0), length(1));
    case "Transpose":
      return attributes.get("perm")?.ints?.length ?? of(0);
    case "Squeeze":
      return of(0) - axes();
    case "Unsqueeze":
      return of(0) + axes();
    case "ArgMax":
    case "ArgMin":
      return keepsAxes ? of(0) : of(0) - 1;
    case "Gather":
      return of(0) - 1 + of(1);
    case "Where":
      return Math.max(of(0), of(1), of(2));
    default:
      return RANKS.find(([, opTypes]) => opTypes.has(opType))?.[0] ?? Number.NaN;
  }
}

function constantRank(attributes: OnnxNode["attributes"]): number {
  if (attributes.has("value_float") || attributes.has("value_int")) return 0;
  if (attributes.has("value_floats") || attributes.has("value_ints")) return 1;
  return attributes.get("value")?.tensor?.dims.length ?? Number.NaN;
}

/** A vector among the factors loses its axis. */
function productRank(a: number, b: number): number {
  return Math.max(a, b) - (a === 1 ? 1 : 0) - (b === 1 ? 1 : 0) + (a === 1 && b === 1 ? 1 : 0);
}

/** Length of a vector, such as the shape that Reshape takes. */
function lengthOf(search: Search, name: string, depth: number): number {
  const { view, lengths } = search;
  const node = view.producer.get(name);
  const tensor = view.initializer.get(name) ?? node?.attributes.get("value")?.tensor;
  if (tensor !== undefined) return tensor.dims[0] ?? Number.NaN;
  const known = lengths.get(name);
  if (node === undefined || known !== undefined || depth > MAX_DEPTH) return known ?? Number.NaN;
  const length = madeLength(search, node, depth + 1);
  lengths.set(name, length);
  return length;
}

function madeLength(search: Search, node: OnnxNode, depth: number): number {
  const { inputs, attributes } = node;
  const of = (input: string) => lengthOf(search, input, depth);
  // A scalar as a vector has one element.
  const asVector = (input: string) => (rankFrom(search, input, depth) === 0 ? 1 : of(input));
  if (isOf(node, "Concat")) {
    return inputs.reduce((sum, input) => (Number.isNaN(sum) ? sum : sum + of(input)), 0);
  }
  // A part of a shape: from `start` to `end`, if there are such attributes (operator set 15).
  if (isOf(node, "Shape") && attributes.size === 0) return rankFrom(search, inputs[0], depth);
  if (isOf(node, "Unsqueeze", "Reshape")) {
    return rankFrom(search, inputs[0], depth) <= 1 ? asVector(inputs[0]) : Number.NaN;
  }
  if (isOf(node, "Cast", "Identity")) return of(inputs[0]);
  if (!isOf(node, "Where", "Mul")) return Number.NaN;
  // Vectors that fit together all have one length, or one element.
  const lengths = inputs.slice(0, 3).map(asVector);
  const longest = Math.max(0, ...lengths.filter((length) => !Number.isNaN(length)));
  return longest > 1 ? longest : Math.max(...lengths);
}
