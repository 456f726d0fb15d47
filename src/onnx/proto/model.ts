/** @file A model as data: its structure, and enough of the original bytes to write it again without loss. */

/** Bytes that can be read by position. A file's is made by `recoup/node`. */
export interface ByteSource {
  /** Path or address, for messages. */
  readonly name: string;
  /** Number of bytes. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`, within the size. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Fills memory that is there, where a source can: a file's does, others make some for each read. */
  readInto?(target: Uint8Array, offset: number): Promise<void>;
}

/** A part of a source: content that is named, not loaded. */
export interface Span {
  readonly source: ByteSource;
  /** First byte of the part, and number of bytes. */
  readonly offset: number;
  readonly length: number;
}

/** Bytes of a file to be written: in memory, or still in a source. */
export type Piece = Uint8Array | Span;

/** An ONNX model, read from one source or built. */
export interface OnnxModel {
  readonly irVersion: number;
  /** Version by domain; "" is ai.onnx. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Name of the program that wrote the file. */
  readonly producer: string;
  /** All fields but the graph, as they were written, opsets too; unknown ones survive. */
  readonly fields: readonly RawField[];
  readonly graph: OnnxGraph;
  /** Functions that the file defines, as operators of its own; absent where it has none. */
  readonly functions?: readonly OnnxFunction[];
}

/** An operator that a file defines by nodes. They are carried along unread; what is in them is counted. */
export interface OnnxFunction {
  readonly domain: string;
  readonly name: string;
  readonly inner: InnerGraph;
}

/** What is in a subgraph or function, at any depth. */
export interface InnerGraph {
  /** Number of nodes. */
  readonly nodes: number;
  /** Names of their operators. */
  readonly opTypes: ReadonlySet<string>;
  /** Number of weights and constants, by TensorProto.DataType. */
  readonly parameters: ReadonlyMap<number, number>;
}

/** A field that is carried along unread, with its tag. */
export interface RawField {
  /** Number of the field in its message. */
  readonly number: number;
  /** Tag and content. */
  readonly piece: Piece;
}

/** Nodes and weights, with the declared types of the tensors between them. */
export interface OnnxGraph {
  readonly name: string;
  /** In the file's order, which is a topological one. */
  readonly nodes: readonly OnnxNode[];
  /** Weights and other constants. */
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Declared types of tensors in between. */
  readonly valueInfo: readonly ValueInfo[];
  /** Names of sparse weights, which are carried along in `fields` unread. */
  readonly sparse: readonly string[];
  /** All other fields as they were written, the name too. */
  readonly fields: readonly RawField[];
}

/** What is known of the tensors of a graph, by their names. */
export interface TensorTables {
  /** The node that makes each tensor. */
  readonly producer: ReadonlyMap<string, OnnxNode>;
  /** Weights by name. */
  readonly initializer: ReadonlyMap<string, OnnxTensor>;
  /** Declared types of inputs, outputs and tensors in between. */
  readonly declared: ReadonlyMap<string, ValueInfo>;
}

/** One operation on tensors. */
export interface OnnxNode {
  readonly name: string;
  /** Name of the operator. */
  readonly opType: string;
  /** "" is ai.onnx. */
  readonly domain: string;
  /** Tensor names; "" for an optional one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  /** The field as it was written, with its tag: a copy of the node takes it. */
  readonly bytes: Uint8Array;
}

/** A setting of a node. */
export interface OnnxAttribute {
  /** AttributeProto.type. */
  readonly type: number;
  readonly float?: number;
  readonly int?: bigint;
  readonly text?: string;
  readonly ints?: readonly bigint[];
  readonly tensor?: OnnxTensor;
  /** Names that subgraphs (of If, Loop and Scan, at any depth) take from outside. */
  readonly captured?: readonly string[];
  /** External data of the tensors in it, those of its subgraphs too. */
  readonly external?: readonly ExternalData[];
  /** What is in its subgraphs. */
  readonly inner?: readonly InnerGraph[];
}

/** A weight: its name, type and lengths; its values may lie in a source. */
export interface OnnxTensor {
  readonly name: string;
  /** Length of each axis. */
  readonly dims: readonly number[];
  /** TensorProto.DataType. */
  readonly dataType: number;
  /** The values, or the place where they lie. */
  readonly data: TensorData;
  /** Its elements, of a short tensor of whole numbers: lengths, axes, positions. */
  readonly integers?: readonly number[];
  /** The field as it was written, with its tag: a copy of the tensor takes it. */
  readonly pieces: readonly Piece[];
}

/** The place of a tensor's values. */
export type TensorData =
  /** Little-endian elements. */
  | { readonly kind: "raw"; readonly piece: Piece }
  /** Fields of the elements' own type, as they were written, with their tags. */
  | { readonly kind: "typed"; readonly pieces: readonly Piece[] }
  | ExternalData
  | { readonly kind: "none" };

/** Values in a file beside the model's. */
export interface ExternalData {
  readonly kind: "external";
  /** Path from the model's folder, within it. */
  readonly location: string;
  /** First byte in that file. */
  readonly offset: number;
  /** Number of bytes; follows from the tensor's elements where it is left out. */
  readonly length?: number;
}

/** A tensor's name with its declared type. */
export interface ValueInfo {
  readonly name: string;
  /** TensorProto.DataType; undefined for no tensor, or one of no declared type. */
  readonly dataType?: number;
  /** Numbers, names of symbols, or undefined for an unknown length. */
  readonly shape?: readonly (number | string | undefined)[];
  /** The field as it was written, with its tag. */
  readonly bytes: Uint8Array;
}

/** All names that a node takes: its inputs, and those that its subgraphs take from outside. */
export function consumed({ inputs, attributes }: OnnxNode): readonly string[] {
  const captured = attributes.size === 0 ? [] : Array.from(attributes.values(), (value) => value.captured ?? []).flat();
  if (captured.length === 0 && !inputs.includes("")) return inputs;
  return [...inputs.filter((name) => name !== ""), ...captured];
}

/** Whether there is a node, and it is one of these operators. */
export function isOf<T extends string>(
  node: OnnxNode | undefined,
  ...opTypes: readonly T[]
): node is OnnxNode & { readonly opType: T } {
  return node !== undefined && (opTypes as readonly string[]).includes(node.opType);
}

/** Inputs of a node that searches look at; of the operators that matter here none has more. */
export const MAX_INPUTS = 16;
