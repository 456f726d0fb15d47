/** @file Queries and keys of attention: the linear layer behind each, and the tensor that has them as [B, L, C], or the reason for none. */
import { follow } from "../graph/axes.js";
import { type GraphView, label, variableInputs } from "../graph/graph-view.js";
import type { Axes, Axis } from "../graph/match-axes.js";
import { isOf, type OnnxNode } from "../proto/model.js";
import type { ToRows } from "./attention.js";
import { isMove, isRows, isScale, type Linear, linearAt, linearAxes, rowsAt, type Step, wayBack } from "./linear.js";

/** Queries or keys: the linear layer that they come from, and what is between. */
export interface Source {
  readonly linear?: Linear;
  /** Axes of the linear layer's result. */
  readonly start?: Axes;
  /** Their own axes, by those of the result; undefined where they do not follow. */
  readonly axes?: Axes;
  /** The node behind which they do not follow. */
  readonly unknown?: OnnxNode;
  /** The tensor that has them alone, where the layer makes more than one thing. */
  readonly part?: { readonly tensor: string; readonly axes?: Axes };
  /** What is done to them but moves and scales. */
  readonly change?: string;
}

/** The linear layer behind a tensor: nearest over reshapes, casts and scales, or over anything, as rotary positions lie between. */
export function sourceBehind(view: GraphView, name: string): Source {
  const isLinear = (each: string) => linearAt(view, each) !== undefined;
  const isPlain = (node: OnnxNode) => isMove(node) || isScale(view, node);
  const way = wayBack(view, name, isLinear, isPlain) ?? wayBack(view, name, isLinear, () => true);
  const linear = way && linearAt(view, way.at);
  if (way === undefined || linear === undefined) return {};
  const start = linearAxes(view, linear);
  if (start === undefined) return { linear, unknown: linear.node };
  const changing = way.steps.map(({ node }) => node).filter((node) => !isPlain(node));
  return {
    linear,
    start,
    ...follow(view, way.steps, start),
    part: partOf(view, way.steps, start),
    ...(changing.length > 0 && { change: changeBy(view, changing) }),
  };
}

/** The tensor behind the last node that takes a part of a linear layer's result; undefined where the layer makes one thing alone. */
function partOf(view: GraphView, steps: readonly Step[], start: Axes): Source["part"] {
  const last = steps.findLastIndex(({ node }) => isOf(node, "Split", "Gather", "Slice"));
  if (last === -1) return undefined;
  return { tensor: steps[last].output, axes: follow(view, steps.slice(0, last + 1), start).axes };
}

/** What nodes between a linear layer and a product do. */
function changeBy(view: GraphView, nodes: readonly OnnxNode[]): string {
  if (nodes.some((node) => isRotation(view, node))) return "positions are rotated into them";
  return `they are changed by ${label(nodes[0])} before their product`;
}

/** ONNX's operator, or x cos + rotated x sin, in which cosines may be constants. */
function isRotation(view: GraphView, node: OnnxNode): boolean {
  if (isOf(node, "RotaryEmbedding")) return true;
  const terms = variableInputs(view, node);
  return isOf(node, "Add", "Sub") && terms.length === 2 && terms.every((term) => isOf(view.producer.get(term), "Mul"));
}

/** The inputs of linear layers. */
export function readsOf(sources: readonly Source[]): string[] {
  return sources.flatMap(({ linear }) => (linear === undefined ? [] : [linear.input]));
}

/** Queries and keys as tensors, or the reason for none. */
export interface Projections {
  readonly reads: readonly string[];
  readonly query?: string;
  readonly key?: string;
  readonly toRows?: { readonly query?: ToRows; readonly key?: ToRows };
  readonly unserved?: string;
}

/** @param tokens the axis of the tokens among the rows of the linear layers' results. */
export function queryAndKey([query, key]: readonly [Source, Source], tokens: number): Projections {
  const reads = readsOf([query, key]);
  if (query.linear === undefined || key.linear === undefined) {
    return { reads, unserved: "no linear layer makes its queries and keys" };
  }
  const change = query.change ?? key.change;
  const isOne = query.linear.output === key.linear.output;
  const together = "one linear layer makes queries, keys and values, and";
  if (change !== undefined) return { reads, unserved: isOne ? `${together} ${change}` : change };
  if (isOne && query.part?.tensor === key.part?.tensor) {
    return { reads, unserved: `${together} no tensor has them apart` };
  }
  const [q, k] = [query, key].map((source) => rowsOf(source, tokens));
  if (q === undefined || k === undefined) return { reads, unserved: "the axes of its queries and keys are unknown" };
  return { reads, query: q.tensor, key: k.tensor, toRows: { query: q.toRows, key: k.toRows } };
}

function rowsOf({ linear, start, part }: Source, tokens: number): { tensor: string; toRows?: ToRows } | undefined {
  const axes = part === undefined ? start : part.axes;
  const tensor = part?.tensor ?? linear?.output;
  if (axes === undefined || tensor === undefined) return undefined;
  const places = axes.map((axis, place) => ({ axis, place }));
  const rows = places.filter(({ axis }) => axis.length > 0 && axis.every(isRows));
  const channels = places.filter(({ axis }) => !axis.some(isRows));
  // Heads that are joined with the batch cannot be told apart again.
  if (rows.length + channels.length !== axes.length || rows.length === 0) return undefined;
  const order = (axis: Axis) => (rowsAt(axis[0]) === tokens ? 1 : 0);
  const piece = ([part]: Axis) => part?.piece ?? "";
  const byPiece = (a: { axis: Axis }, b: { axis: Axis }) => (piece(a.axis) < piece(b.axis) ? -1 : 1);
  rows.sort((a, b) => order(a.axis) - order(b.axis) || rowsAt(a.axis[0]) - rowsAt(b.axis[0]) || byPiece(a, b));
  channels.sort(byPiece);
  const perm = [...rows, ...channels].map(({ place }) => place);
  const isSame = perm.every((place, i) => place === i);
  if (isSame && channels.length === 1) return { tensor };
  return { tensor, toRows: { perm, ...(channels.length !== 1 && { joinedFrom: rows.length }) } };
}

/** The axis of the tokens among the rows of a linear layer's result: of its own last axes, [L, D], where they are known. */
export function tokensOf({ start = [], axes }: Source): number {
  const own = axes?.at(-2)?.find((part) => isRows(part) && part.length !== 1);
  return own === undefined ? Math.max(0, start.length - 2) : rowsAt(own);
}

/** Whether the tokens come before the batch: [L, B, C]. */
export function isTokensFirst({ start = [] }: Source, tokens: number): boolean {
  return start.length > 2 && tokens < start.filter((axis) => axis.some(isRows)).length - 1;
}
