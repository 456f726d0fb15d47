/** @file Element type and rank of a tensor where the file declares none, from how it was made. */
import type { GraphView } from "./graph-view.js";
import type { OnnxNode } from "./model.js";
import { DATA_TYPES } from "./schema.js";
import { isOf } from "./walk.js";

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
    const own = ownType(node);
    if (own !== undefined) return own;
    // The result has the type of the values, not of conditions or indices.
    at = isOf(node, "Where") ? node.inputs[1] : node.inputs[0];
  }
  return undefined;
}

function ownType({ opType, attributes }: OnnxNode): number | undefined {
  if (opType === "Cast") return Number(attributes.get("to")?.int ?? 0n) || undefined;
  if (opType === "Shape" || opType === "Size") return DATA_TYPES.int64.id;
  if (opType === "MatMulInteger" || opType === "ConvInteger") return DATA_TYPES.int32.id;
  if (opType === "DynamicQuantizeMatMul" || opType === "MatMulIntegerToFloat") return DATA_TYPES.float32.id;
  if (opType === "Constant") return attributes.get("value")?.tensor?.dataType;
  return undefined;
}

/** Number of axes of a tensor; undefined if it does not follow from the graph. */
export function rankOf(view: GraphView, name: string, depth = 0): number | undefined {
  if (depth > 64) return undefined;
  const known = view.declared.get(name)?.shape?.length ?? view.initializer.get(name)?.dims.length;
  if (known !== undefined) return known;
  const node = view.producer.get(name);
  if (node === undefined) return undefined;
  const of = (i: number) => (node.inputs[i] === undefined ? undefined : rankOf(view, node.inputs[i], depth + 1));
  switch (node.opType) {
    case "Constant":
      return node.attributes.get("value")?.tensor?.dims.length;
    case "Reshape":
      return lengthOf(view, node.inputs[1], depth + 1);
    case "Transpose":
      return node.attributes.get("perm")?.ints?.length ?? of(0);
    case "Unsqueeze":
    case "Squeeze": {
      const axes =
        node.attributes.get("axes")?.ints?.length ??
        (node.inputs[1] === undefined ? undefined : lengthOf(view, node.inputs[1], depth + 1));
      const rank = of(0);
      if (rank === undefined || axes === undefined) return undefined;
      return node.opType === "Squeeze" ? rank - axes : rank + axes;
    }
    case "Gather": {
      const [data, indices] = [of(0), of(1)];
      return data === undefined || indices === undefined ? undefined : data - 1 + indices;
    }
    case "Gemm":
      return 2;
    case "Add":
    case "Mul":
    case "Div":
    case "Sub":
    case "Where":
    case "MatMul":
    case "FusedMatMul": {
      const ranks = node.inputs.map((_, i) => of(i));
      return ranks.some((rank) => rank === undefined) ? undefined : Math.max(...(ranks as number[]));
    }
    default:
      return of(0);
  }
}

/** Length of a vector, such as the shape that Reshape takes. */
function lengthOf(view: GraphView, name: string, depth: number): number | undefined {
  if (depth > 64) return undefined;
  const tensor = view.initializer.get(name) ?? view.producer.get(name)?.attributes.get("value")?.tensor;
  if (tensor !== undefined) return tensor.dims[0];
  const node = view.producer.get(name);
  if (node === undefined) return undefined;
  if (isOf(node, "Concat")) {
    const lengths = node.inputs.map((input) => lengthOf(view, input, depth + 1));
    return lengths.some((length) => length === undefined)
      ? undefined
      : (lengths as number[]).reduce((a, b) => a + b, 0);
  }
  if (isOf(node, "Shape")) return rankOf(view, node.inputs[0], depth + 1);
  if (isOf(node, "Unsqueeze")) return 1;
  if (isOf(node, "Cast", "Identity", "Where", "Mul")) return lengthOf(view, node.inputs.at(-1) ?? "", depth + 1);
  if (isOf(node, "Reshape")) return 1;
  return undefined;
}
