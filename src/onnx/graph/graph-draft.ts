/** @file Nodes and constants to be added to a graph, one call each, in the operator versions of the model's operator set. */
import type { OnnxNode, OnnxTensor } from "../proto/model.js";
import { DATA_TYPES } from "../proto/schema.js";
import { type AttributeValue, makeNode, makeTensor } from "../proto/write-model.js";

/** Name of a tensor of the graph. */
export type Tensor = string;

/** Operators over named tensors; each call adds a node and gives its output's name. Axes may be negative. */
export interface GraphDraft {
  /** Version of ai.onnx. */
  readonly opset: number;
  /** What was added so far. */
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, OnnxTensor>;
  /** Any operator; outputs are named after it and numbered, unless names are given. */
  add(opType: string, inputs: readonly Tensor[], options?: AddOptions): Tensor[];
  /** A constant; equal ones of up to eight values are one initializer. */
  floats(values: readonly number[], dims?: readonly number[]): Tensor;
  integers(values: readonly number[], dims?: readonly number[]): Tensor;
}

export interface AddOptions {
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly outputs?: readonly string[];
  /** Number of outputs, where no names are given. */
  readonly count?: number;
}

/** @param prefix before every new name. */
export function newDraft(prefix: string, opset: number): GraphDraft {
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, OnnxTensor>();
  const constant = (type: "float32" | "int64", dims: readonly number[], values: readonly number[]): Tensor => {
    // Long ones would make long names, and are numbered instead.
    const content = values.length > 8 ? `${values.length}.${initializers.size}` : values.join(",");
    const name = `${prefix}${type}.${dims.join("x")}.${content}`;
    if (!initializers.has(name)) {
      const { buffer } = type === "float32" ? Float32Array.from(values) : BigInt64Array.from(values, BigInt);
      initializers.set(name, makeTensor(name, type, dims, new Uint8Array(buffer)));
    }
    return name;
  };
  return {
    opset,
    nodes,
    initializers,
    add(opType, inputs, { attributes, outputs, count = 1 }: AddOptions = {}) {
      const base = `${prefix}${opType}.${nodes.length}`;
      const names = outputs ?? Array.from({ length: count }, (_, i) => (count === 1 ? base : `${base}.${i}`));
      nodes.push(makeNode({ opType, name: base, inputs, outputs: names, attributes }));
      return [...names];
    },
    floats: (values, dims = [values.length]) => constant("float32", dims, values),
    integers: (values, dims = [values.length]) => constant("int64", dims, values),
  };
}

/** The operators that the drafts here use, by name, with axes where the operator set's version wants them. */
export function operators(draft: GraphDraft) {
  const one = (opType: string, inputs: readonly Tensor[], attributes?: AddOptions["attributes"]): Tensor =>
    draft.add(opType, inputs, { attributes })[0];
  const reduced = (
    opType: "ReduceSum" | "ReduceMax" | "ReduceMean",
    input: Tensor,
    axis: number,
    keeps = true,
  ): Tensor => {
    // Axes became an input, for the sum first.
    const late = draft.opset >= (opType === "ReduceSum" ? 13 : 18);
    const keepdims = keeps ? 1n : 0n;
    return late
      ? one(opType, [input, draft.integers([axis])], { keepdims })
      : one(opType, [input], { axes: [BigInt(axis)], keepdims });
  };
  const cast = (input: Tensor, type: keyof typeof DATA_TYPES): Tensor =>
    one("Cast", [input], { to: BigInt(DATA_TYPES[type].id) });
  return {
    add: (a: Tensor, b: Tensor) => one("Add", [a, b]),
    sub: (a: Tensor, b: Tensor) => one("Sub", [a, b]),
    mul: (a: Tensor, b: Tensor) => one("Mul", [a, b]),
    div: (a: Tensor, b: Tensor) => one("Div", [a, b]),
    min: (a: Tensor, b: Tensor) => one("Min", [a, b]),
    max: (a: Tensor, b: Tensor) => one("Max", [a, b]),
    abs: (a: Tensor) => one("Abs", [a]),
    sqrt: (a: Tensor) => one("Sqrt", [a]),
    floor: (a: Tensor) => one("Floor", [a]),
    matMul: (a: Tensor, b: Tensor) => one("MatMul", [a, b]),
    transpose: (a: Tensor, perm: readonly number[] = [1, 0]) => one("Transpose", [a], { perm: perm.map(BigInt) }),
    softmax: (a: Tensor) => one("Softmax", [a], { axis: -1n }),
    where: (condition: Tensor, a: Tensor, b: Tensor) => one("Where", [condition, a, b]),
    greater: (a: Tensor, b: Tensor) => one("Greater", [a, b]),
    /** 1 where a > b, else 0. */
    isGreater: (a: Tensor, b: Tensor) => cast(one("Greater", [a, b]), "float32"),
    /** 1 where a < b, else 0. */
    isLess: (a: Tensor, b: Tensor) => cast(one("Less", [a, b]), "float32"),
    /** 1 where a = b, else 0. */
    isEqual: (a: Tensor, b: Tensor) => cast(one("Equal", [a, b]), "float32"),
    cast,
    sum: (a: Tensor, axis: number) => reduced("ReduceSum", a, axis),
    greatest: (a: Tensor, axis: number) => reduced("ReduceMax", a, axis),
    mean: (a: Tensor, axis: number, keeps?: boolean) => reduced("ReduceMean", a, axis, keeps),
    gather: (a: Tensor, indices: Tensor, axis = 0) => one("Gather", [a, indices], { axis: BigInt(axis) }),
    concat: (parts: readonly Tensor[], axis: number) => one("Concat", parts, { axis: BigInt(axis) }),
    reshape: (a: Tensor, dims: readonly number[]) => one("Reshape", [a, draft.integers(dims)]),
    /** Elements `from` to `to` (excluded) of an axis. */
    slice: (a: Tensor, axis: number, from: number, to: number) =>
      one("Slice", [a, draft.integers([from]), draft.integers([to]), draft.integers([axis])]),
    /** Values and indices of the k largest or smallest along the last axis, best first; ties to the lower index. */
    topK: (a: Tensor, k: number, largest: boolean) =>
      draft.add("TopK", [a, draft.integers([k])], {
        count: 2,
        attributes: { axis: -1n, largest: largest ? 1n : 0n, sorted: 1n },
      }),
    /** The whole numbers below a scalar, as floats. */
    range: (limit: Tensor) => one("Range", [draft.floats([0], []), limit, draft.floats([1], [])]),
  };
}

export type Operators = ReturnType<typeof operators>;
