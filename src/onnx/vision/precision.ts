/** @file Counts of a model's weights, and the precision of its linear layers, wherever a file keeps them. */
import { storedWeight } from "../graph/constants.js";
import type { GraphView } from "../graph/graph-view.js";
import { type InnerGraph, isOf, type OnnxModel, type OnnxNode } from "../proto/model.js";
import { dataTypeName } from "../proto/schema.js";

/** How the weights of linear layers are kept. "float8" and "float4" stand for all their forms. */
export type Precision =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "float8"
  | "float6"
  | "float4"
  | `${number} bits`;

/** Subgraphs of nodes, and functions. */
export function innerGraphs({ graph, functions = [] }: OnnxModel): InnerGraph[] {
  const subgraphs = graph.nodes.flatMap(({ attributes }) =>
    [...attributes.values()].flatMap(({ inner = [] }) => inner),
  );
  return [...subgraphs, ...functions.map(({ inner }) => inner)];
}

/** Number of weights and constants by element type. */
export function parametersOf(model: OnnxModel): Record<string, number> {
  const counts: Record<string, number> = {};
  const add = (dataType: number, count: number) => {
    const type = dataTypeName(dataType) ?? `type ${dataType}`;
    counts[type] = (counts[type] ?? 0) + count;
  };
  const { initializers, nodes } = model.graph;
  const constants = nodes.flatMap(({ attributes }) => [...attributes.values()].flatMap(({ tensor }) => tensor ?? []));
  for (const { dims, dataType } of [...initializers, ...constants]) add(dataType, product(dims));
  for (const { parameters } of innerGraphs(model)) for (const [type, count] of parameters) add(type, count);
  return counts;
}

const product = (dims: readonly number[]) => dims.reduce((all, length) => all * length, 1);

const PRODUCTS = [
  "MatMul",
  "Gemm",
  "FusedMatMul",
  "FusedGemm",
  "Einsum",
  "MatMulInteger",
  "MatMulIntegerToFloat",
  "DynamicQuantizeMatMul",
  "QLinearMatMul",
  "QGemm",
  "MatMulFpQ4",
  "MatMulNBits",
  "MatMulBnb4",
  "Attention",
] as const;

/** The precision that most weights of linear layers are kept in; undefined without any. */
export function precisionOf(view: GraphView): Precision | undefined {
  const counts = new Map<Precision, number>();
  for (const node of view.nodes) {
    const found = isOf(node, ...PRODUCTS) ? weightOf(view, node) : undefined;
    if (found !== undefined) counts.set(found.precision, (counts.get(found.precision) ?? 0) + found.count);
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most?.[0];
}

function weightOf(view: GraphView, node: OnnxNode): { precision: Precision; count: number } | undefined {
  const int = (name: string) => Number(node.attributes.get(name)?.int ?? 0n);
  // Packed: several weights share a byte.
  if (isOf(node, "MatMulNBits")) return { precision: `${int("bits") || 4} bits`, count: int("N") * int("K") };
  if (isOf(node, "MatMulBnb4")) return { precision: "4 bits", count: int("N") * int("K") };
  // ONNX Runtime's linear layers in 8 bits have the scale and zero point of each factor behind it.
  const place = isOf(node, "QLinearMatMul", "QGemm") ? 3 : 1;
  const weight = storedWeight(view, node.inputs[place] ?? "");
  const type = weight && dataTypeName(weight.tensor.dataType);
  if (weight === undefined || type === undefined) return undefined;
  return { precision: precisionName(type), count: product(weight.dims) };
}

function precisionName(type: string): Precision {
  const [, float] = /^(float[468])e/.exec(type) ?? [];
  if (float !== undefined) return float as Precision;
  if (type.includes("float")) return type as Precision;
  return `${Number(/\d+$/.exec(type)?.[0] ?? 8)} bits`;
}
