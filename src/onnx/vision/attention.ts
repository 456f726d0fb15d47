/** @file Attention and layers as they are found, as plain data. */
import type { OnnxNode } from "../proto/model.js";

/** Places of the axes of probabilities. */
export interface AttentionAxes {
  readonly query: number;
  readonly key: number;
  /** Number of axes. */
  readonly rank: number;
}

/** The way from a tensor to [B, L, C]: an order of axes, and the number of rows' axes, if those behind them are then joined. */
export interface ToRows {
  readonly perm: readonly number[];
  readonly joinedFrom?: number;
}

/**
 * The form of attention in a graph. `softmax`: written out. `onnx`: ai.onnx Attention (opset 23). `multi-head`: com.microsoft
 * MultiHeadAttention. `packed`: com.microsoft Attention, which has the weights of query, key and value in one.
 */
export type AttentionForm = "softmax" | "onnx" | "multi-head" | "packed";

/** Attention as it was found: its node, and the tensors around it. */
export interface Attention {
  readonly form: AttentionForm;
  /** The softmax, or the fused node. */
  readonly node: OnnxNode;
  /** Probabilities, such as [B, H, L, L] or [B * H, L, L]; fused nodes have none. */
  readonly probabilities?: string;
  /** Places of their axes; absent where `problem` says why they are not those of attention between tokens. */
  readonly axes?: AttentionAxes;
  /** Reason why the probabilities are not served, with their layout. */
  readonly problem?: string;
  /** Tensors with the queries and keys, bias in, not scaled; [B, L, C] but for `toRows`. Absent where `unserved` says why. */
  readonly query?: string;
  readonly key?: string;
  /** The way from these tensors to [B, L, C], where they have other axes. */
  readonly toRows?: { readonly query?: ToRows; readonly key?: ToRows };
  /** Reason why the file has no tensor of the queries and keys. */
  readonly unserved?: string;
  /** Whether the tensors around have the tokens before the batch: [L, B, C]. */
  readonly isTokensFirst?: boolean;
  /** The inputs of the linear layers of queries and keys. For self-attention it is one tensor. */
  readonly reads: readonly string[];
  /** Number of heads, where a fused node has it as an attribute. */
  readonly heads?: number;
  /** Added to the queries and keys inside the node (MultiHeadAttention's bias of [query, key, value]). */
  readonly bias?: string;
}

/** Hidden states that a graph holds, or their terms where it holds only those. */
export type States = { readonly tensor: string } | { readonly sumOf: readonly string[] };

/** A transformer layer with self-attention. */
export interface Layer {
  readonly attention: Attention;
  /** States that the linear layers read, in most towers normalized. */
  readonly normed: string;
  /** Hidden states before the layer, [B, L, C]: what its residual sum adds to. */
  readonly before: States;
  /** Hidden states after it, which the next layer reads; undefined where the graph ends sooner or adds them otherwise. */
  readonly after?: States;
  /** Whether these states are [L, B, C], tokens before the batch. */
  readonly isTokensFirst: boolean;
}
