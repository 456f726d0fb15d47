/** @file Length of a hidden state. */
import { type Located, lastLayer } from "./locate.js";
import { linearBehind } from "./walk.js";

/** C of a tower, from the weights of the linear layer that makes the last layer's keys; undefined where they do not tell. */
export function towerWidth(located: Located): number | undefined {
  const { view } = located;
  const { attention } = lastLayer(located);
  if (attention.form === "packed") {
    const columns = view.initializer.get(attention.node.inputs[1])?.dims[1];
    return columns === undefined ? undefined : columns / 3;
  }
  const linear = attention.key === undefined ? undefined : linearBehind(view, attention.key);
  if (linear === undefined) return undefined;
  const columns = linear.node.attributes.get("N")?.int;
  if (columns !== undefined) return Number(columns);
  const dims = view.initializer.get(linear.node.inputs[1])?.dims ?? [];
  return linear.node.attributes.get("transB")?.int === 1n ? dims[0] : dims.at(-1);
}
