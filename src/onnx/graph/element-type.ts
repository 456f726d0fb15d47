/** @file Element type of a tensor where the file declares none, from how it was made. */

import type { OnnxNode } from "../proto/model.js";
import { DATA_TYPES } from "../proto/schema.js";
import type { GraphView } from "./graph-view.js";
import { LIKE_FIRST } from "./like-first.js";

/** Nodes looked at before giving up; real chains are shorter than the graph. */
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

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));
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
  // Parts, and the sum that a norm adds up first; others are means, masks and indices.
  return opType === "Split" || (opType.startsWith("Skip") && output === 3) ? { input: 0 } : undefined;
}

function constantType(attributes: OnnxNode["attributes"]): number | undefined {
  const tensor = attributes.get("value")?.tensor;
  if (tensor !== undefined) return tensor.dataType;
  if (attributes.has("value_int") || attributes.has("value_ints")) return DATA_TYPES.int64.id;
  return attributes.has("value_float") || attributes.has("value_floats") ? DATA_TYPES.float32.id : undefined;
}
