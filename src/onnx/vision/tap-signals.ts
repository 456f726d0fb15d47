/** @file The tensors that a tap gives: those that the graph has, and those that take a few nodes more. */

import { elementType } from "../graph/element-type.js";
import { type GraphDraft, operators, type Tensor } from "../graph/graph-draft.js";
import type { GraphView } from "../graph/graph-view.js";
import { rankOf } from "../graph/infer.js";
import { OnnxUnsupportedError } from "../proto/errors.js";
import type { Layer } from "./locate.js";
import type { States } from "./locate-norm.js";
import { fusedProbabilities } from "./tap-attention.js";

/**
 * What can be tapped of a layer. `states` and `statesAfter`: hidden states before and after it, [B, L, C]. `query`, `key`: bias in,
 * not scaled, [B, L, C]. `clsAttention`: attention of the first token, [B, H, L], or [B * H, L] as some graphs have it.
 * `receivedAttention`: for towers without a class token, how much each token is attended to on the mean over all tokens, likewise.
 * Attention that a fused node keeps inside is computed once more from its queries and keys, in float32.
 */
export const TAP_SIGNALS = ["states", "statesAfter", "query", "key", "clsAttention", "receivedAttention"] as const;
export type TapSignal = (typeof TAP_SIGNALS)[number];

/** A tensor of the graph or of the draft. */
export interface MadeSignal {
  readonly tensor: Tensor;
  /** TensorProto.DataType; undefined if it does not follow from the graph. */
  readonly dataType?: number;
  /** Undefined if it does not follow from the graph. */
  readonly rank?: number;
}

/** @throws OnnxUnsupportedError if the layer lacks the signal. */
export function makeSignal(draft: GraphDraft, view: GraphView, layer: Layer, signal: TapSignal): MadeSignal {
  switch (signal) {
    case "states":
      return statesTensor(draft, view, layer.before);
    case "statesAfter":
      if (layer.after === undefined) throw lacking(layer, signal, "its residual sums are not found");
      return statesTensor(draft, view, layer.after);
    case "query":
    case "key":
      return { ...projection(draft, view, layer, signal), rank: 3 };
    case "clsAttention":
    case "receivedAttention":
      return attention(draft, view, layer, signal);
  }
}

function lacking({ attention: { node } }: Layer, signal: TapSignal, reason: string): OnnxUnsupportedError {
  const name = node.name || node.outputs[0];
  return new OnnxUnsupportedError({
    operation: "tap",
    expected: `a layer that has ${signal}`,
    got: `${node.opType} ${name}: ${reason}`,
    node: name,
  });
}

function statesTensor(draft: GraphDraft, view: GraphView, states: States): MadeSignal {
  const [first, ...rest] = "tensor" in states ? [states.tensor] : states.sumOf;
  const tensor = rest.reduce((sum, term) => operators(draft).add(sum, term), first);
  return { tensor, dataType: elementType(view, first), rank: rankOf(view, first) ?? 3 };
}

function projection(
  draft: GraphDraft,
  view: GraphView,
  layer: Layer,
  signal: "query" | "key",
): Pick<MadeSignal, "tensor" | "dataType"> {
  const { attention } = layer;
  const at = signal === "query" ? 0 : 1;
  if (attention.form === "packed") return packedProjection(draft, view, layer, signal, at);
  const tensor = attention[signal];
  if (tensor === undefined)
    throw lacking(
      layer,
      signal,
      "one linear layer makes queries, keys and values, and positions are rotated into them",
    );
  const dataType = elementType(view, tensor);
  if (attention.bias === undefined) return { tensor, dataType };
  const width = (view.initializer.get(attention.bias)?.dims[0] ?? 0) / 3;
  if (!Number.isInteger(width) || width === 0) throw lacking(layer, signal, "the bias is not a weight of the file");
  const op = operators(draft);
  return { tensor: op.add(tensor, op.slice(attention.bias, 0, at * width, (at + 1) * width)), dataType };
}

/** com.microsoft Attention: the node's own weights [C, 3 C] and bias, applied once more for the part that is wanted. */
function packedProjection(draft: GraphDraft, view: GraphView, layer: Layer, signal: TapSignal, at: number) {
  const { inputs, attributes } = layer.attention.node;
  const [input, weight, bias] = inputs;
  const dims = view.initializer.get(weight)?.dims ?? [];
  const width = dims[1] / 3;
  if (dims.length !== 2 || !Number.isInteger(width) || attributes.has("qkv_hidden_sizes")) {
    throw lacking(layer, signal, `its packed weights are ${dims.join(" x ").slice(0, 99) || "not in the file"}`);
  }
  const op = operators(draft);
  const product = op.matMul(input, op.slice(weight, 1, at * width, (at + 1) * width));
  const hasBias = bias !== undefined && bias !== "";
  const tensor = hasBias ? op.add(product, op.slice(bias, 0, at * width, (at + 1) * width)) : product;
  return { tensor, dataType: elementType(view, input) };
}

/** The first token's row, or the mean over rows. Where the graph has the probabilities, one node, and no head count or scale is needed. */
function attention(
  draft: GraphDraft,
  view: GraphView,
  layer: Layer,
  signal: "clsAttention" | "receivedAttention",
): MadeSignal {
  const { probabilities } = layer.attention;
  const op = operators(draft);
  if (probabilities === undefined) {
    const rows = signal === "clsAttention" ? "first" : "all";
    const refuse = (reason: string) => lacking(layer, signal, reason);
    const project = (name: "query" | "key") => projection(draft, view, layer, name).tensor;
    const computed = fusedProbabilities(draft, view, layer.attention, { rows, project, refuse });
    // [B, H, 1, L]
    const row = rows === "first" ? computed : op.mean(computed, 2);
    return { tensor: op.reshape(row, [0, 0, -1]), dataType: 1, rank: 3 };
  }
  const rank = rankOf(view, probabilities);
  if (rank !== undefined && rank < 3) throw lacking(layer, signal, `its probabilities have ${rank} axes`);
  const dataType = elementType(view, probabilities);
  const tensor =
    signal === "clsAttention"
      ? op.gather(probabilities, draft.integers([0], []), -2)
      : op.mean(probabilities, -2, false);
  return { tensor, dataType, rank: rank === undefined ? undefined : rank - 1 };
}
