/**
 * @file Follows the axes of a tensor through nodes that reorder, split and join them. Each axis is a list of parts, outer first; a
 * part is a piece of one axis of the tensor that the way starts at.
 */
import { isOf, type OnnxNode, type TensorTables } from "../proto/model.js";
import { axesOf, integers } from "./constants.js";
import { rankOf } from "./infer.js";
import { type Axes, type Lengths, matchAxes } from "./match-axes.js";

/** Operators that leave the axes of the input with most axes as they are. Lengths may change. */
const SAME = new Set(
  (
    "Abs Add Cast CastLike Clip Contiguous Cos DequantizeLinear Div Dropout Exp Gelu Identity " +
    "LayerNormalization LpNormalization Mul Neg Pow QuantizeLinear RMSNormalization RotaryEmbedding " +
    "SimplifiedLayerNormalization Sin Softmax Sqrt Sub Tanh Where"
  ).split(" "),
);

/**
 * The axes of a node's first result, from those of one of its inputs.
 *
 * @returns undefined where they do not follow: an unknown operator, or lengths that do not fit.
 */
function stepAxes(view: TensorTables, node: OnnxNode, input: string, axes: Axes): Axes | undefined {
  const { opType, inputs, attributes } = node;
  const rank = axes.length;
  const place = (axis: number) => (axis < 0 ? axis + rank : axis);
  if (SAME.has(opType)) return isWidest(view, node, input, rank) ? axes : undefined;
  const first = inputs[0] === input;
  // Rotated halves are joined again.
  if (opType === "Concat") return cutAt(axes, place(Number(attributes.get("axis")?.int ?? Number.NaN)));
  if (!first) return undefined;
  switch (opType) {
    case "Transpose": {
      const perm = attributes.get("perm")?.ints?.map(Number) ?? axes.map((_, i) => rank - 1 - i);
      return perm.length === rank && perm.every((axis) => axis >= 0 && axis < rank)
        ? perm.map((axis) => axes[axis])
        : undefined;
    }
    case "Reshape":
      return reshaped(view, node, axes);
    case "Expand":
      return expanded(view, node, axes);
    case "Flatten": {
      const axis = place(Number(attributes.get("axis")?.int ?? 1n));
      return [axes.slice(0, axis).flat(), axes.slice(axis).flat()];
    }
    case "Squeeze": {
      const gone = axesOf(view, node)?.map(place);
      return gone && axes.filter((_, i) => !gone.includes(i));
    }
    case "Unsqueeze": {
      const added = axesOf(view, node);
      if (added === undefined) return undefined;
      const length = rank + added.length;
      const places = added.map((axis) => (axis < 0 ? axis + length : axis));
      const rest = [...axes];
      return Array.from({ length }, (_, i) => (places.includes(i) ? [] : (rest.shift() ?? [])));
    }
    case "Gather": {
      const axis = place(Number(attributes.get("axis")?.int ?? 0n));
      const indices = rankOf(view, inputs[1]);
      return indices === 0 ? axes.filter((_, i) => i !== axis) : indices === 1 ? cutAt(axes, axis) : undefined;
    }
    case "Slice": {
      const cut = inputs[3] ? integers(view, inputs[3]) : attributes.get("axes")?.ints?.map(Number);
      return cut?.reduce<Axes | undefined>((all, axis) => all && cutAt(all, place(axis)), axes);
    }
    case "Split":
      return cutAt(axes, place(Number(attributes.get("axis")?.int ?? 0n)));
    default:
      return undefined;
  }
}

/** Copies along axes of length 1: keys that several queries share. */
function expanded(view: TensorTables, { inputs }: OnnxNode, axes: Axes): Axes | undefined {
  const target = lengthsIn(view, inputs[1]);
  if (target?.length !== axes.length) return undefined;
  return axes.map((axis, i) => {
    const isOne = axis.every(({ length }) => length === 1);
    return isOne && target[i] !== 1 ? [{ of: "copies", piece: "", ...(target[i] && { length: target[i] }) }] : axis;
  });
}

/** Whether no other input has more axes, as the result would have those in front. */
function isWidest(view: TensorTables, { inputs }: OnnxNode, input: string, rank: number): boolean {
  return inputs.slice(0, 3).every((name) => name === "" || name === input || (rankOf(view, name) ?? 0) <= rank);
}

/** The same axes, one of them of another length. */
function cutAt(axes: Axes, at: number): Axes | undefined {
  if (axes[at] === undefined) return undefined;
  return axes.map((axis, i) => (i === at ? axis.map(({ of, piece }) => ({ of, piece })) : axis));
}

function reshaped(view: TensorTables, node: OnnxNode, axes: Axes): Axes | undefined {
  const target = lengthsIn(view, node.inputs[1]);
  if (target === undefined) {
    const rank = rankOf(view, node.outputs[0]);
    return rank === undefined ? undefined : matchAxes(axes, Array(rank).fill(undefined));
  }
  if (node.attributes.get("allowzero")?.int === 1n) return matchAxes(axes, target);
  // A zero copies the length at its place.
  let kept = 0;
  while (target[kept] === 0 && kept < axes.length) kept++;
  const rest = target.slice(kept).map((length) => (length === 0 ? undefined : length));
  const matched = rest.length === 0 && axes.length === kept ? [] : matchAxes(axes.slice(kept), rest);
  return matched && [...axes.slice(0, kept), ...matched];
}

/** Nodes in a row that are looked into for lengths at most. */
const MAX_DEPTH = 12;

/** The lengths that a tensor gives (-1 is not known); undefined where their count is not known. */
function lengthsIn(view: TensorTables, name: string, depth = 0): Lengths | undefined {
  if (!name || depth > MAX_DEPTH) return undefined;
  const known = integers(view, name);
  if (known !== undefined) return known.map((length) => (length < 0 ? undefined : length));
  const node = view.producer.get(name);
  if (node === undefined) return undefined;
  const of = (i: number) => lengthsIn(view, node.inputs[i], depth + 1);
  // Before operator set 10 the bounds of a cut are attributes.
  const bound = (i: number, name: string) =>
    (node.inputs[i] ? integers(view, node.inputs[i]) : node.attributes.get(name)?.ints?.map(Number))?.[0];
  switch (node.opType) {
    case "Concat": {
      const parts = node.inputs.slice(0, 16).map((_, i) => of(i));
      return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
    }
    case "Cast":
    case "Identity":
    case "Unsqueeze":
    case "Squeeze":
      return of(0);
    case "Shape": {
      const [start, end] = ["start", "end"].map((key) => node.attributes.get(key)?.int);
      const all = tensorLengths(view, node.inputs[0], depth + 1);
      return all?.slice(Number(start ?? 0n), end === undefined ? undefined : Number(end));
    }
    case "Slice":
      return sliced(of(0), bound(1, "starts"), bound(2, "ends"));
    case "Gather": {
      const all = of(0);
      return integers(view, node.inputs[1])?.map((i) => all?.at(i));
    }
    case "Reshape":
      return of(0)?.length === 1 ? of(0) : undefined;
    default:
      // A product of lengths is one length.
      return rankOf(view, name) === 0 || of(0)?.length === 1 ? [undefined] : undefined;
  }
}

function sliced(all: Lengths | undefined, from: number | undefined, to: number | undefined): Lengths | undefined {
  if (from === undefined || to === undefined) return undefined;
  if (all !== undefined) return all.slice(from, to);
  // Of lengths whose count is not known, a few of them have one.
  return from >= 0 && to > from && to - from <= MAX_DEPTH ? Array(to - from).fill(undefined) : undefined;
}

/** Lengths of a tensor's axes; undefined where even their number is not known. */
function tensorLengths(view: TensorTables, name: string, depth: number): Lengths | undefined {
  const declared = view.declared.get(name)?.shape;
  if (declared !== undefined) return declared.map((length) => (typeof length === "number" ? length : undefined));
  const node = view.producer.get(name);
  if (depth < MAX_DEPTH && isOf(node, "Reshape")) {
    const target = lengthsIn(view, node.inputs[1], depth + 1);
    if (target !== undefined) return target.map((length) => length || undefined);
  }
  if (depth < MAX_DEPTH && isOf(node, "Transpose")) {
    const before = tensorLengths(view, node.inputs[0], depth + 1);
    return before && node.attributes.get("perm")?.ints?.map((axis) => before[Number(axis)]);
  }
  const rank = rankOf(view, name);
  return rank === undefined ? undefined : Array(rank).fill(undefined);
}

/** Axes of a tensor, by those of the tensor that the way to it starts at. */
export interface Followed {
  /** Undefined where they do not follow. */
  readonly axes?: Axes;
  /** The node behind which they are unknown. */
  readonly unknown?: OnnxNode;
}

/**
 * Follows axes along a way: its nodes, each with the input by which the way comes to it.
 *
 * @returns them, or the node behind which they are unknown.
 */
export function follow(
  view: TensorTables,
  steps: readonly { readonly node: OnnxNode; readonly input: string }[],
  start: Axes | undefined,
): Followed {
  let axes = start;
  for (const { node, input } of steps) {
    axes = axes && stepAxes(view, node, input, axes);
    if (axes === undefined) return { unknown: node };
  }
  return { axes };
}
