/**
 * @file Element type and number of axes of a tensor where the file declares none, from its maker. Operators by ONNX's
 * docs/Operators.md and ONNX Runtime's docs/ContribOperators.md; any other is unknown, and is not guessed.
 */
import { isOf, MAX_INPUTS, type OnnxNode, type TensorTables } from "../proto/model.js";
import { DATA_TYPES, type DataTypeName } from "../proto/schema.js";

/** A TensorProto.DataType, or the input that has the type. */
type Typed = number | { readonly input: number } | undefined;

/** Element type of a first result: that of an input, by position, or always the same. Otherwise it follows from attributes. */
type TypeRule = number | DataTypeName | ((node: OnnxNode) => Typed);

/** Number of axes of a first result: always the same, or by the node's inputs. Unknown numbers are NaN, which arithmetic passes on. */
type RankRule = number | ((inputs: Inputs) => number);

/** What ranks follow from. */
interface Inputs {
  readonly node: OnnxNode;
  /** Number of axes of an input, by position. */
  rank(i: number): number;
  /** Length of an input that is a vector, such as the shape that Reshape takes. */
  length(i: number): number;
}

const first: RankRule = ({ rank }) => rank(0);
/** Of as many axes as the input that has most. */
const broadcast: RankRule = ({ node, rank }) => Math.max(...node.inputs.slice(0, MAX_INPUTS).map((_, i) => rank(i)));
/** A vector among the factors loses its axis. */
const product: RankRule = ({ rank }) => {
  const [a, b] = [rank(0), rank(1)];
  return Math.max(a, b) - (a === 1 ? 1 : 0) - (b === 1 ? 1 : 0) + (a === 1 && b === 1 ? 1 : 0);
};
const axes = ({ node, length }: Inputs) => node.attributes.get("axes")?.ints?.length ?? length(1);
const keepsAxes = ({ node }: Inputs) => node.attributes.get("keepdims")?.int !== 0n;

/** Operators by the rules for their first result. */
const RULES: readonly [opTypes: string, type: TypeRule, rank: RankRule][] = [
  [
    "Abs Acos Acosh Asin Asinh Atan Atanh Attention AveragePool BatchNormalization BiasGelu BiasSplitGelu " +
      "BitwiseNot Ceil Celu Clip Concat Conv Cos Cosh CumSum Dropout Elu Erf Exp FastGelu Floor GatherElements Gelu " +
      "GlobalAveragePool GlobalLpPool GlobalMaxPool GroupNorm GroupNormalization HardSigmoid HardSwish Hardmax " +
      "Identity InstanceNormalization LRN LeakyRelu Log LogSoftmax LpNormalization LpPool MatMulBnb4 MatMulNBits " +
      "MaxPool MeanVarianceNormalization Mish Neg PRelu Pad QuickGelu Reciprocal Relu Resize RotaryEmbedding Round " +
      "ScatterElements ScatterND Selu Shrink Sigmoid Sign Sin Sinh SkipLayerNormalization " +
      "SkipSimplifiedLayerNormalization Slice Softmax Softplus Softsign Split Sqrt Swish Tan Tanh ThresholdedRelu " +
      "Tile TopK Trilu",
    0,
    first,
  ],
  ["Add Div Max Mean Min Mod Mul Pow Sub Sum", 0, broadcast],
  ["And Equal Greater GreaterOrEqual Less LessOrEqual Or Xor", "bool", broadcast],
  ["IsInf IsNaN Not", "bool", first],
  [
    "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare",
    0,
    (inputs) => inputs.rank(0) - (keepsAxes(inputs) ? 0 : axes(inputs)),
  ],
  ["ArgMax ArgMin", "int64", (inputs) => inputs.rank(0) - (keepsAxes(inputs) ? 0 : 1)],
  ["FusedMatMul MatMul", 0, product],
  ["MatMulInteger", "int32", product],
  ["DynamicQuantizeMatMul MatMulIntegerToFloat", "float32", product],
  ["ConvInteger", "int32", first],
  ["DynamicQuantizeLinear", "uint8", first],
  // For a norm the second input is its scale, which in files of mixed precision has another type.
  ["CastLike DequantizeLinear LayerNormalization RMSNormalization SimplifiedLayerNormalization", 1, first],
  ["Where", 1, ({ rank }) => Math.max(rank(0), rank(1), rank(2))],
  ["Cast", ({ attributes }) => typeIn(attributes, "to"), first],
  ["QuantizeLinear", quantizedType, first],
  ["Flatten FusedGemm Gemm", 0, 2],
  ["MultiHeadAttention", 0, 3],
  ["Range", 0, 1],
  ["Shape", "int64", 1],
  ["Size", "int64", 0],
  ["NonZero", "int64", 2],
  ["Compress", 0, ({ node, rank }) => (node.attributes.has("axis") ? rank(0) : 1)],
  ["Reshape", 0, ({ length }) => length(1)],
  ["Expand", 0, ({ rank, length }) => Math.max(rank(0), length(1))],
  ["Transpose", 0, ({ node, rank }) => node.attributes.get("perm")?.ints?.length ?? rank(0)],
  ["Squeeze", 0, (inputs) => inputs.rank(0) - axes(inputs)],
  ["Unsqueeze", 0, (inputs) => inputs.rank(0) + axes(inputs)],
  ["Gather", 0, ({ rank }) => rank(0) - 1 + rank(1)],
  ["Constant", constantType, constantRank],
  [
    "ConstantOfShape",
    ({ attributes }) => attributes.get("value")?.tensor?.dataType ?? DATA_TYPES.float32.id,
    ({ length }) => length(0),
  ],
  ["Einsum", 0, einsumRank],
  ["BitwiseAnd BitwiseOr DepthToSpace FusedConv GatherND SpaceToDepth", 0, Number.NaN],
  ["OneHot", 2, Number.NaN],
];
const RULE = new Map(
  RULES.flatMap(([opTypes, type, rank]) => opTypes.split(" ").map((opType) => [opType, { type, rank }] as const)),
);

function typeIn(attributes: OnnxNode["attributes"], name: string): number | undefined {
  return Number(attributes.get(name)?.int ?? 0n) || undefined;
}

function quantizedType({ inputs, attributes }: OnnxNode): Typed {
  return inputs[2] ? { input: 2 } : (typeIn(attributes, "output_dtype") ?? DATA_TYPES.uint8.id);
}

function constantType({ attributes }: OnnxNode): Typed {
  const tensor = attributes.get("value")?.tensor;
  if (tensor !== undefined) return tensor.dataType;
  if (attributes.has("value_int") || attributes.has("value_ints")) return DATA_TYPES.int64.id;
  return attributes.has("value_float") || attributes.has("value_floats") ? DATA_TYPES.float32.id : undefined;
}

function constantRank({ node: { attributes } }: Inputs): number {
  if (attributes.has("value_float") || attributes.has("value_int")) return 0;
  if (attributes.has("value_floats") || attributes.has("value_ints")) return 1;
  return attributes.get("value")?.tensor?.dims.length ?? Number.NaN;
}

/** Letters behind the arrow, or those that come once; "..." stands for what the input with most axes has more. */
function einsumRank({ node, rank }: Inputs): number {
  const [left, right] = (node.attributes.get("equation")?.text ?? "").replaceAll(" ", "").split("->");
  const terms = left.split(",");
  const lettersOf = (term: string) => term.replace("...", "").length;
  const dots = Math.max(0, ...terms.map((term, i) => (term.includes("...") ? rank(i) - lettersOf(term) : 0)));
  if (right !== undefined) return lettersOf(right) + (right.includes("...") ? dots : 0);
  return [...left.replaceAll(/[.,]/g, "")].filter((letter) => left.split(letter).length === 2).length + dots;
}

/** Outputs but the first that are like the input: parts, and the sum that a norm adds up first. */
function isLikeFirst(opType: string, output: number): boolean {
  return output === 0 || opType === "Split" || (opType.startsWith("Skip") && output === 3);
}

/** Nodes from a tensor back to one of a known type at most; real chains are shorter than the graph. */
const MAX_STEPS = 4096;

/** TensorProto.DataType of a tensor; undefined if it does not follow from the graph. */
export function elementType(view: TensorTables, name: string): number | undefined {
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

/** The type of a node's output, or the input that has it. */
function madeType(node: OnnxNode, output: number): Typed {
  if (output > 0) return furtherType(node.opType, output);
  const type = RULE.get(node.opType)?.type;
  if (typeof type === "function") return type(node);
  return typeof type === "string" ? DATA_TYPES[type].id : type === undefined ? undefined : { input: type };
}

/** The type of an output but the first. */
function furtherType(opType: string, output: number): Typed {
  if (opType === "TopK" || opType === "MaxPool") return DATA_TYPES.int64.id;
  if (opType === "DynamicQuantizeLinear") return output === 1 ? DATA_TYPES.float32.id : DATA_TYPES.uint8.id;
  return isLikeFirst(opType, output) ? { input: 0 } : undefined;
}

/** Steps back from a tensor to its makers; real chains end sooner. */
const MAX_DEPTH = 64;
/** Axes of a tensor at most; ONNX Runtime's own kernels take eight. */
const MAX_RANK = 64;

/** Number of axes of a tensor; undefined if it does not follow from the graph. */
export function rankOf(view: TensorTables, name: string): number | undefined {
  const rank = rankFrom({ view, ranks: new Map(), lengths: new Map() }, name, 0);
  return rank >= 0 && rank <= MAX_RANK ? rank : undefined;
}

/** Results so far, as a search may meet a tensor on each of the paths to it. */
interface Search {
  readonly view: TensorTables;
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

function madeRank(search: Search, node: OnnxNode, output: number, depth: number): number {
  const rule = RULE.get(node.opType)?.rank;
  // Other outputs are means, masks and scales.
  if (rule === undefined || !(isLikeFirst(node.opType, output) || node.opType === "TopK")) return Number.NaN;
  if (typeof rule === "number") return rule;
  const ofInput = (find: typeof rankFrom) => (i: number) =>
    node.inputs[i] === undefined ? Number.NaN : find(search, node.inputs[i], depth);
  return rule({ node, rank: ofInput(rankFrom), length: ofInput(lengthOf) });
}

/** Length of a vector. */
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
