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
  const rank = node === undefined ? undefined : madeRank(search, node, depth + 1);
  ranks.set(name, rank);
  return rank;
}

function madeRank(search: Search, node: OnnxNode, depth: number): number | undefined {
  const { inputs, attributes } = node;
  const of = (i: number) => (inputs[i] === undefined ? undefined : rankFrom(search, inputs[i], depth));
  const length = (i: number) => (inputs[i] === undefined ? undefined : lengthOf(search, inputs[i], depth));
  switch (node.opType) {
    case "Constant":
      return attributes.get("value")?.tensor?.dims.length;
    case "Reshape":
      return length(1);
    case "Transpose":
      return attributes.get("perm")?.ints?.length ?? of(0);
    case "Unsqueeze":
    case "Squeeze": {
      const axes = attributes.get("axes")?.ints?.length ?? length(1);
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
    case "MatMul":
    case "FusedMatMul":
      return broadcast([of(0), of(1)]);
    case "Where":
      return broadcast([of(0), of(1), of(2)]);
    default:
      return of(0);
  }
}

function broadcast(ranks: readonly (number | undefined)[]): number | undefined {
  return ranks.reduce((most, rank) => (most === undefined || rank === undefined ? undefined : Math.max(most, rank)));
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
  if (isOf(node, "Concat")) {
    let sum = 0;
    for (const input of node.inputs) {
      const length = lengthOf(search, input, depth);
      if (length === undefined) return undefined;
      sum += length;
    }
    return sum;
  }
  if (isOf(node, "Shape")) return rankFrom(search, node.inputs[0], depth);
  if (isOf(node, "Unsqueeze", "Reshape")) return 1;
  if (isOf(node, "Cast", "Identity", "Where", "Mul")) return lengthOf(search, node.inputs.at(-1) ?? "", depth);
  return undefined;
}
