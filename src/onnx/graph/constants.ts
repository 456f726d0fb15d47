/** @file Constants of a graph: shapes of weights wherever a file keeps them, and short lists of whole numbers. */
import { isOf, type OnnxNode, type OnnxTensor, type TensorTables } from "../proto/model.js";

/** The tensor of a weight, or of a node that holds a constant. */
export function constantTensor(view: TensorTables, name: string): OnnxTensor | undefined {
  return view.initializer.get(name) ?? tensorIn(view.producer.get(name));
}

function tensorIn(node: OnnxNode | undefined): OnnxTensor | undefined {
  return isOf(node, "Constant") ? node.attributes.get("value")?.tensor : undefined;
}

/** The whole numbers of a constant; undefined for other tensors, and for long ones. */
export function integers(view: TensorTables, name: string): readonly number[] | undefined {
  const attributes = view.producer.get(name)?.attributes;
  const list = attributes?.get("value_ints")?.ints ?? attributes?.get("value_int")?.int;
  if (list !== undefined) return [list].flat().map(Number);
  return constantTensor(view, name)?.integers;
}

/** Axes of a node: an attribute, or since some version an input. */
export function axesOf(view: TensorTables, { attributes, inputs }: OnnxNode): readonly number[] | undefined {
  const own = attributes.get("axes")?.ints;
  if (own !== undefined) return own.map(Number);
  return inputs[1] ? integers(view, inputs[1]) : undefined;
}

/** Nodes between a weight as it is kept and as it is used at most: casts, scales, transposes. */
const MAX_STEPS = 8;

/** A weight as a file keeps it, behind casts, scales and transposes, with its lengths as they are used. */
export interface StoredWeight {
  readonly tensor: OnnxTensor;
  readonly dims: readonly number[];
}

/** The weight behind a constant; undefined where other nodes make it. */
export function storedWeight(view: TensorTables, name: string): StoredWeight | undefined {
  const perms: (readonly number[] | undefined)[] = [];
  let at = name;
  for (let step = 0; step < MAX_STEPS; step++) {
    const tensor = constantTensor(view, at);
    if (tensor !== undefined) {
      const dims = perms.reduceRight<readonly number[]>(permuted, tensor.dims);
      return { tensor, dims };
    }
    const node = view.producer.get(at);
    if (!isOf(node, "Cast", "CastLike", "DequantizeLinear", "Identity", "Transpose") || !node.inputs[0])
      return undefined;
    if (node.opType === "Transpose") perms.push(node.attributes.get("perm")?.ints?.map(Number));
    at = node.inputs[0];
  }
  return undefined;
}

/** Lengths in another order; without one reversed. */
function permuted(lengths: readonly number[], perm: readonly number[] | undefined): readonly number[] {
  return perm === undefined ? lengths.toReversed() : perm.map((axis) => lengths[axis]);
}
