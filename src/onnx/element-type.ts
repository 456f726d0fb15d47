/** @file Element type of a tensor where the file declares none, from how it was made. */
import type { GraphView } from "./graph-view.js";
import { LIKE_FIRST } from "./like-first.js";
import type { OnnxNode } from "./model.js";
import { DATA_TYPES } from "./schema.js";

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
    "GatherND Gemm MatMul Max Mean Min Mod Mul OneHot Pow Range ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean " +
    "ReduceMin ReduceProd ReduceSum ReduceSumSquare Reshape ScatterElements ScatterND SpaceToDepth Squeeze Sub Sum Transpose Unsqueeze",
);

/** The type of a node's output, or the input that has it. */
function madeType({ opType, inputs, attributes }: OnnxNode, output: number): number | { input: number } | undefined {
  const { float32, int32, int64, uint8, bool } = DATA_TYPES;
  if (BOOL.has(opType)) return bool.id;
  if (INT64.has(opType)) return int64.id;
  switch (opType) {
    case "Cast":
      return Number(attributes.get("to")?.int ?? 0n) || undefined;
    case "CastLike":
    case "Where":
    case "DequantizeLinear":
      return { input: 1 };
    case "QuantizeLinear":
      return inputs.length > 2 ? { input: 2 } : uint8.id;
    case "DynamicQuantizeLinear":
      return output === 1 ? float32.id : uint8.id;
    case "MatMulInteger":
    case "ConvInteger":
      return int32.id;
    case "DynamicQuantizeMatMul":
    case "MatMulIntegerToFloat":
      return float32.id;
    case "TopK":
    case "MaxPool":
      return output === 1 ? int64.id : { input: 0 };
    case "ConstantOfShape":
      return attributes.get("value")?.tensor?.dataType ?? float32.id;
    case "Constant":
      return constantType(attributes);
    default:
      return LIKE_FIRST.has(opType) || TYPE_LIKE_FIRST.has(opType) ? { input: 0 } : undefined;
  }
}

function constantType(attributes: OnnxNode["attributes"]): number | undefined {
  const tensor = attributes.get("value")?.tensor;
  if (tensor !== undefined) return tensor.dataType;
  if (attributes.has("value_int") || attributes.has("value_ints")) return DATA_TYPES.int64.id;
  return attributes.has("value_float") || attributes.has("value_floats") ? DATA_TYPES.float32.id : undefined;
}
