/** @file A model as data: what was read of it, and enough of the original bytes to write it again without loss. */
import type { Piece } from "./source.js";

/** An ONNX model, read from one source or built. */
export interface OnnxModel {
  readonly irVersion: number;
  /** Version by domain; "" is ai.onnx. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly producer: string;
  /** All fields but the graph, as they were written, opsets too; unknown ones survive. */
  readonly fields: readonly RawField[];
  readonly graph: OnnxGraph;
}

/** A field that is carried along unread, with its tag. */
export interface RawField {
  readonly number: number;
  readonly piece: Piece;
}

export interface OnnxGraph {
  readonly name: string;
  /** In the file's order, which is a topological one. */
  readonly nodes: readonly OnnxNode[];
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

export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  /** "" is ai.onnx. */
  readonly domain: string;
  /** Tensor names; "" for an optional one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  /** The field as it was written, with its tag: what a copy of the node takes. */
  readonly bytes: Uint8Array;
}

export interface OnnxAttribute {
  readonly type: number;
  readonly float?: number;
  readonly int?: bigint;
  readonly text?: string;
  readonly ints?: readonly bigint[];
  readonly tensor?: OnnxTensor;
  /** Names that the subgraphs of If, Loop and Scan take from outside, those of the graphs in them too. */
  readonly captured?: readonly string[];
  /** External data of the tensors in it, those of its subgraphs too. */
  readonly external?: readonly ExternalData[];
}

export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** TensorProto.DataType. */
  readonly dataType: number;
  readonly data: TensorData;
  /** The field as it was written, with its tag: what a copy of the tensor takes. */
  readonly pieces: readonly Piece[];
}

/** Where a tensor's values are. */
export type TensorData =
  /** Little-endian elements. */
  | { readonly kind: "raw"; readonly piece: Piece }
  /** Fields of the elements' own type, as they were written, with their tags: `field` is their number in TensorProto. */
  | { readonly kind: "typed"; readonly field: number; readonly pieces: readonly Piece[] }
  | ExternalData
  | { readonly kind: "none" };

/** Values in a file beside the model's. */
export interface ExternalData {
  readonly kind: "external";
  /** Path from the model's folder, within it. */
  readonly location: string;
  readonly offset: number;
  /** Number of bytes; to be told from the tensor's elements where it is not said. */
  readonly length?: number;
}

/** A tensor's name with its declared type. */
export interface ValueInfo {
  readonly name: string;
  /** TensorProto.DataType; undefined where it is no tensor or not said. */
  readonly dataType?: number;
  /** Numbers, names of symbols, or undefined for a length that is not said. */
  readonly shape?: readonly (number | string | undefined)[];
  /** The field as it was written, with its tag. */
  readonly bytes: Uint8Array;
}
