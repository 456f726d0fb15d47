/** @file Length of a hidden state. */
import type { GraphView } from "../graph/graph-view.js";
import { linearAt } from "../graph/walk.js";
import { type Located, lastLayer } from "./locate.js";
import { normBehind } from "./locate-norm.js";

/** C of a tower, from the weights of the last layer's first norm, or of a layer that makes keys alone; undefined where they do not tell. */
export function towerWidth(located: Located): number | undefined {
  const { view } = located;
  const { attention, normed } = lastLayer(located);
  const width = vectorLength(view, normed);
  if (width !== undefined) return width;
  const linear = attention.key === undefined ? undefined : linearAt(view, attention.key);
  if (linear === undefined) return undefined;
  const columns = linear.node.attributes.get("N")?.int;
  if (columns !== undefined) return Number(columns);
  const dims = view.initializer.get(linear.node.inputs[1])?.dims ?? [];
  return linear.node.attributes.get("transB")?.int === 1n ? dims[0] : dims.at(-1);
}

/** Length of the first vector that makes a tensor: the weights of a normalisation have that of a row. */
export function vectorLength(view: GraphView, normed: string): number | undefined {
  const inputs = normBehind(view, normed)?.inputs ?? [];
  return inputs.map((input) => view.initializer.get(input)?.dims).find((dims) => dims?.length === 1)?.[0];
}
