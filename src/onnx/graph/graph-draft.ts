/**
 * @file Nodes and constants to be added to a graph, or to be a model of their own. One call makes one, in the model's operator set.
 */
import { type AttributeValue, makeNode, makeTensor, withOpsets } from "../proto/make.js";
import type { OnnxModel, OnnxNode, OnnxTensor, ValueInfo } from "../proto/model.js";
import { DATA_TYPES, GRAPH, MODEL } from "../proto/schema.js";
import { field, numberField } from "../proto/wire.js";

/** Farther than any score; half of float32's largest value, so that a comparison with its half tells the two apart. */
export const FAR = 2 ** 127;

/** Name of a tensor of the graph. */
export type Tensor = string;

/** A tensor, or a float as one of `[1, 1]`. */
type Operand = Tensor | number;

/** Attributes of a new node, and its outputs. */
export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Names of the outputs. Default: named after the operator, and numbered. */
  readonly outputs?: readonly string[];
  /** Number of outputs, where no names are given. */
  readonly count?: number;
}

/** Nodes, constants and outputs that were added so far. */
interface DraftBase {
  /** Version of ai.onnx. */
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, OnnxTensor>;
  readonly outputs: readonly ValueInfo[];
  /** Adds a node of any operator. @returns the names of its outputs. */
  node(opType: string, inputs: readonly Tensor[], options?: NodeOptions): Tensor[];
  /** Makes a tensor an output, by a node of its own: the tensor keeps the name that it has. @returns the output's name. */
  output(tensor: Tensor, info: ValueInfo): Tensor;
  /** A constant; equal ones of up to eight values are one initializer. `dims` by default: a vector. */
  floats(values: readonly number[], dims?: readonly number[]): Tensor;
  doubles(values: readonly number[], dims?: readonly number[]): Tensor;
  integers(values: readonly number[], dims?: readonly number[]): Tensor;
  /** A float, `[1, 1]`. */
  scalar(value: number): Tensor;
}

/** A draft with a function per operator: each call adds a node and returns its output's name. Axes may be negative. */
export type GraphDraft = DraftBase & ReturnType<typeof operators>;

const ARRAYS = {
  float32: (values: readonly number[]) => Float32Array.from(values),
  float64: (values: readonly number[]) => Float64Array.from(values),
  int64: (values: readonly number[]) => BigInt64Array.from(values, BigInt),
};

/** An empty draft. @param prefix before every new name. @param opset version of ai.onnx. */
export function newDraft(prefix: string, opset: number): GraphDraft {
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, OnnxTensor>();
  const outputs: ValueInfo[] = [];
  const constant = (
    type: "float32" | "float64" | "int64",
    dims: readonly number[],
    values: readonly number[],
  ): Tensor => {
    // Long ones would make long names, and are numbered instead.
    const content = values.length > 8 ? `${values.length}.${initializers.size}` : values.join(",");
    const name = `${prefix}${type}.${dims.join("x")}.${content}`;
    if (!initializers.has(name)) {
      initializers.set(name, makeTensor(name, type, dims, new Uint8Array(ARRAYS[type](values).buffer)));
    }
    return name;
  };
  const base: DraftBase = {
    opset,
    nodes,
    initializers,
    outputs,
    node(opType, inputs, { attributes, outputs, count = 1 } = {}) {
      const name = `${prefix}${opType}.${nodes.length}`;
      const names = outputs ?? Array.from({ length: count }, (_, i) => (count === 1 ? name : `${name}.${i}`));
      nodes.push(makeNode({ opType, name, inputs, outputs: names, attributes }));
      return [...names];
    },
    output(tensor, info) {
      outputs.push(info);
      return base.node("Identity", [tensor], { outputs: [info.name] })[0];
    },
    floats: (values, dims = [values.length]) => constant("float32", dims, values),
    doubles: (values, dims = [values.length]) => constant("float64", dims, values),
    integers: (values, dims = [values.length]) => constant("int64", dims, values),
    scalar: (value) => constant("float32", [1, 1], [value]),
  };
  return { ...base, ...operators(base) };
}

/** A draft whose numbers are in one of two precisions. */
export interface Decider {
  /** The draft that nodes are added to. */
  readonly op: GraphDraft;
  readonly type: "float32" | "float64";
  /** A number as a vector of one, `[1]`. */
  number(value: number): Tensor;
  /** Constants. `dims` by default: a vector. */
  numbers(values: readonly number[], dims?: readonly number[]): Tensor;
  /** A float32 tensor in the precision. */
  raised(tensor: Tensor): Tensor;
  /** A tensor in the precision as float32. */
  lowered(tensor: Tensor): Tensor;
  /** Numbers from 0 to 1: what lies outside is moved to the nearer end. */
  clamped(tensor: Tensor): Tensor;
}

/** A draft with the constants and casts of a precision. */
export function inPrecision(op: GraphDraft, type: Decider["type"]): Decider {
  const isDouble = type === "float64";
  const numbers = (values: readonly number[], dims?: readonly number[]) =>
    isDouble ? op.doubles(values, dims) : op.floats(values, dims);
  const number = (value: number) => numbers([value]);
  return {
    op,
    type,
    number,
    numbers,
    raised: (tensor) => (isDouble ? op.cast(tensor, type) : tensor),
    lowered: (tensor) => (isDouble ? op.cast(tensor, "float32") : tensor),
    clamped: (tensor) => op.min(op.max(tensor, number(0)), number(1)),
  };
}

/** The operators that the drafts here use, by name, with axes where the operator set's version wants them. */
function operators(draft: DraftBase) {
  const one = (opType: string, inputs: readonly Tensor[], attributes?: NodeOptions["attributes"]): Tensor =>
    draft.node(opType, inputs, { attributes })[0];
  const operand = (value: Operand) => (typeof value === "number" ? draft.scalar(value) : value);
  const binary = (opType: string) => (a: Operand, b: Operand) => one(opType, [operand(a), operand(b)]);
  /** Axes became an input, in different versions. */
  const withAxis = (opType: string, input: Tensor, axis: number, since: number, more = {}): Tensor =>
    draft.opset >= since
      ? one(opType, [input, draft.integers([axis])], more)
      : one(opType, [input], { axes: [BigInt(axis)], ...more });
  const keepdims = (keeps: boolean) => ({ keepdims: keeps ? 1n : 0n });
  const cast = (input: Tensor, type: keyof typeof DATA_TYPES): Tensor =>
    one("Cast", [input], { to: BigInt(DATA_TYPES[type].id) });
  /** 1 where the comparison holds, else 0. */
  const mask = (opType: string) => (a: Operand, b: Operand) => cast(binary(opType)(a, b), "float32");
  return {
    add: binary("Add"),
    sub: binary("Sub"),
    mul: binary("Mul"),
    div: binary("Div"),
    min: binary("Min"),
    max: binary("Max"),
    abs: (a: Tensor) => one("Abs", [a]),
    exp: (a: Tensor) => one("Exp", [a]),
    relu: (a: Tensor) => one("Relu", [a]),
    sqrt: (a: Tensor) => one("Sqrt", [a]),
    floor: (a: Tensor) => one("Floor", [a]),
    matMul: (a: Tensor, b: Tensor) => one("MatMul", [a, b]),
    transpose: (a: Tensor, perm: readonly number[] = [1, 0]) => one("Transpose", [a], { perm: perm.map(BigInt) }),
    softmax: (a: Tensor) => one("Softmax", [a], { axis: -1n }),
    where: (condition: Tensor, a: Tensor, b: Tensor) => one("Where", [condition, a, b]),
    greater: binary("Greater"),
    less: binary("Less"),
    equal: binary("Equal"),
    isGreater: mask("Greater"),
    isLess: mask("Less"),
    isEqual: mask("Equal"),
    cast,
    sum: (a: Tensor, axis: number) => withAxis("ReduceSum", a, axis, 13, keepdims(true)),
    greatest: (a: Tensor, axis: number, keeps = true) => withAxis("ReduceMax", a, axis, 18, keepdims(keeps)),
    least: (a: Tensor, axis: number, keeps = true) => withAxis("ReduceMin", a, axis, 18, keepdims(keeps)),
    mean: (a: Tensor, axis: number, keeps = true) => withAxis("ReduceMean", a, axis, 18, keepdims(keeps)),
    unsqueeze: (a: Tensor, axis: number) => withAxis("Unsqueeze", a, axis, 13),
    gather: (a: Tensor, indices: Tensor, axis = 0) => one("Gather", [a, indices], { axis: BigInt(axis) }),
    concat: (parts: readonly Tensor[], axis: number) => one("Concat", parts, { axis: BigInt(axis) }),
    reshape: (a: Tensor, dims: readonly number[]) => one("Reshape", [a, draft.integers(dims)]),
    /** Elements `from` to `to` (excluded) of an axis. */
    slice: (a: Tensor, axis: number, from: number, to: number) =>
      one("Slice", [a, draft.integers([from]), draft.integers([to]), draft.integers([axis])]),
    /** Values and indices of the k largest or smallest along the last axis, in order; ties to the lower index. */
    topK: (a: Tensor, k: number, largest: boolean) =>
      draft.node("TopK", [a, draft.integers([k])], {
        count: 2,
        attributes: { axis: -1n, largest: largest ? 1n : 0n, sorted: 1n },
      }),
    /** The whole numbers below a scalar, as floats. */
    range: (limit: Tensor) => one("Range", [draft.floats([0], []), limit, draft.floats([1], [])]),
  };
}

/** The lowest IR version that allows operator sets 15 to 17; runtimes take models up to their own version only. */
const IR_VERSION = 8;
const NAME = "recoup";

/** A model of a draft's nodes alone. */
export function newModel(
  { nodes, initializers, opset }: GraphDraft,
  { inputs, outputs }: { inputs: readonly ValueInfo[]; outputs: readonly ValueInfo[] },
): OnnxModel {
  const fields = [
    { number: MODEL.irVersion, piece: numberField(MODEL.irVersion, IR_VERSION) },
    { number: MODEL.producerName, piece: field(MODEL.producerName, NAME) },
  ];
  const graph = {
    name: NAME,
    nodes,
    initializers: [...initializers.values()],
    inputs,
    outputs,
    valueInfo: [],
    sparse: [],
    fields: [{ number: GRAPH.name, piece: field(GRAPH.name, NAME) }],
  };
  const opsets = new Map([["", opset]]);
  return withOpsets({ irVersion: IR_VERSION, producer: NAME, opsets, fields, graph }, opsets);
}
