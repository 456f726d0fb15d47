/** @file Adds outputs to a model: tensors that it computes anyway, by stable names, and the few nodes that they need. */
import { refusalFor } from "../../core/index.js";
import { type GraphDraft, newDraft, type Tensor } from "../graph/graph-draft.js";
import { type GraphView, label, nodeName, takenName, withAdded } from "../graph/graph-view.js";
import { elementType, rankOf } from "../graph/infer.js";
import { OnnxInputError, OnnxUnsupportedError } from "../proto/errors.js";
import { makeValueInfo } from "../proto/make.js";
import type { OnnxModel, ValueInfo } from "../proto/model.js";
import { DATA_TYPES } from "../proto/schema.js";
import { fusedProbabilities } from "./fused-attention.js";
import { type Layer, type Located, locate, type States } from "./locate.js";

/**
 * The signals of a layer. `states` and `statesAfter`: hidden states before and after it, [B, L, C]. `query`, `key`: bias in, not scaled,
 * [B, L, C]. `clsAttention`: attention of the first token, [B, H, L], or [B * H, L] as some graphs have it. `receivedAttention`: for
 * towers without a class token, the mean attention that each token gets from all tokens, likewise. Attention that a fused node keeps
 * inside is computed once more from its queries and keys, in float32.
 */
export const TAP_SIGNALS = ["states", "statesAfter", "query", "key", "clsAttention", "receivedAttention"] as const;
/** Name of one of these signals. */
export type TapSignal = (typeof TAP_SIGNALS)[number];

/** The layer to tap, and its signals. */
export interface TapOptions {
  /** Default: all that the layer has, in the order of `TAP_SIGNALS`. */
  readonly signals?: readonly TapSignal[];
  /** Position among the layers that were found, from the end if negative. Default: -1, the last. */
  readonly layer?: number;
  /** Before each new name. Default: "recoup.". */
  readonly prefix?: string;
}

/** A model with more outputs. */
export interface Tapped {
  readonly model: OnnxModel;
  /** Name of the new output of each signal. */
  readonly outputs: Readonly<Partial<Record<TapSignal, string>>>;
}

const refusal = refusalFor("tap", OnnxInputError);

/**
 * The model with more outputs, otherwise unchanged. Weights are not touched, so of a file only some hundred bytes are new.
 *
 * @throws OnnxUnsupportedError for a tower that is not found or lacks a signal. OnnxInputError for a layer out of range, or names
 *   that are taken.
 */
export function tap(model: OnnxModel, options: TapOptions = {}): Tapped {
  const { layer = -1, prefix = "recoup." } = options;
  const unknown = options.signals?.find((signal) => !TAP_SIGNALS.includes(signal));
  if (unknown !== undefined) throw refusal(`signals of ${TAP_SIGNALS.join(", ")}`, unknown);
  const located = locate(model);
  const chosen = Number.isInteger(layer) ? located.layers.at(layer) : undefined;
  if (chosen === undefined) {
    const { length } = located.layers;
    throw refusal(`a layer from ${-length} to ${length - 1}`, layer);
  }
  const { signals = tappable(located, chosen).taps } = options;
  const draft = newDraft(prefix, located.opset);
  const infos: ValueInfo[] = [];
  const outputs: Partial<Record<TapSignal, string>> = {};
  for (const signal of new Set(signals)) {
    const { tensor, dataType, rank } = makeSignal({ draft, view: located.view, layer: chosen, signal });
    // A node of its own gives a stable name, and the tensor keeps the one that it has.
    const [name] = draft.node("Identity", [tensor], { outputs: [prefix + signal] });
    outputs[signal] = name;
    // Lengths are unknown; without an element type or a number of axes there is no shape.
    infos.push(makeValueInfo(name, dataType, rank === undefined ? undefined : Array(rank).fill(undefined)));
  }
  const added = [...draft.nodes.flatMap((node) => node.outputs), ...draft.initializers.keys()];
  const taken = takenName(located.view, added);
  if (taken !== undefined) throw refusal(`names with ${prefix} to be free`, `a tensor ${taken}`);
  return { model: withAdded(model, located.view, { ...draft, outputs: infos }), outputs };
}

/** The signals that a layer has, and the reasons for the others. */
export interface Tappable {
  /** Signals that the layer has. */
  readonly taps: readonly TapSignal[];
  /** Reason for each signal that it lacks. */
  readonly refused: Readonly<Partial<Record<TapSignal, string>>>;
}

/** Tries every signal of a layer. */
export function tappable({ view, opset }: Located, layer: Layer): Tappable {
  const taps: TapSignal[] = [];
  const refused: Partial<Record<TapSignal, string>> = {};
  for (const signal of TAP_SIGNALS) {
    try {
      makeSignal({ draft: newDraft("", opset), view, layer, signal });
      taps.push(signal);
    } catch (error) {
      if (!(error instanceof OnnxUnsupportedError)) throw error;
      refused[signal] = error.got;
    }
  }
  return { taps, refused };
}

/** A signal to be made: of a layer, with nodes on a draft where the graph lacks it. */
interface Wanted {
  readonly draft: GraphDraft;
  readonly view: GraphView;
  readonly layer: Layer;
  readonly signal: TapSignal;
}

/** A tensor of the graph or of the draft. Type and number of axes are undefined where they do not follow from the graph. */
interface MadeSignal {
  readonly tensor: Tensor;
  /** TensorProto.DataType. */
  readonly dataType?: number;
  readonly rank?: number;
}

/** @throws OnnxUnsupportedError if the layer lacks the signal. */
function makeSignal(wanted: Wanted): MadeSignal {
  const { layer, signal } = wanted;
  switch (signal) {
    case "states":
      return statesTensor(wanted, layer.before);
    case "statesAfter":
      if (layer.after === undefined) throw lacking(wanted, "its residual sums are not found");
      return statesTensor(wanted, layer.after);
    case "query":
    case "key":
      return projection(wanted, signal);
    default:
      return attention(wanted);
  }
}

function lacking({ layer, signal }: Wanted, reason: string): OnnxUnsupportedError {
  const { node } = layer.attention;
  const words = { expected: `a layer that has ${signal}`, got: `${label(node)}: ${reason}` };
  return new OnnxUnsupportedError({ operation: "tap", ...words, node: nodeName(node) });
}

function statesTensor({ draft, view }: Wanted, states: States): MadeSignal {
  const [first, ...rest] = "tensor" in states ? [states.tensor] : states.sumOf;
  const tensor = rest.reduce((sum, term) => draft.add(sum, term), first);
  return { tensor, dataType: elementType(view, first), rank: rankOf(view, first) ?? 3 };
}

function projection(wanted: Wanted, name: "query" | "key"): MadeSignal {
  const { draft, view } = wanted;
  const { attention } = wanted.layer;
  if (attention.form === "packed") return packedProjection(wanted, name);
  const tensor = attention[name];
  if (tensor === undefined) {
    throw lacking(wanted, "one linear layer makes queries, keys and values, and positions are rotated into them");
  }
  const dataType = elementType(view, tensor);
  if (attention.bias === undefined) return { tensor, dataType, rank: 3 };
  const width = (view.initializer.get(attention.bias)?.dims[0] ?? 0) / 3;
  if (!Number.isInteger(width) || width === 0) throw lacking(wanted, "the bias is not a weight of the file");
  return { tensor: draft.add(tensor, third(draft, attention.bias, 0, width, name)), dataType, rank: 3 };
}

/** The part for queries or keys of a tensor that has those for queries, keys and values one after another. */
function third(draft: GraphDraft, tensor: Tensor, axis: number, width: number, name: "query" | "key"): Tensor {
  const at = name === "query" ? 0 : 1;
  return draft.slice(tensor, axis, at * width, (at + 1) * width);
}

/** com.microsoft Attention: the node's own weights [C, 3 C] and bias for queries or keys, applied once more. */
function packedProjection(wanted: Wanted, name: "query" | "key"): MadeSignal {
  const { draft, view, layer } = wanted;
  const { inputs, attributes } = layer.attention.node;
  const [input, weight, bias] = inputs;
  const dims = view.initializer.get(weight)?.dims ?? [];
  const width = dims[1] / 3;
  if (dims.length !== 2 || !Number.isInteger(width) || attributes.has("qkv_hidden_sizes")) {
    throw lacking(wanted, `its packed weights are ${dims.join(" x ").slice(0, 99) || "not in the file"}`);
  }
  const product = draft.matMul(input, third(draft, weight, 1, width, name));
  const tensor = bias ? draft.add(product, third(draft, bias, 0, width, name)) : product;
  return { tensor, dataType: elementType(view, input), rank: 3 };
}

/** The first token's row, or the mean over rows. Where the graph has the probabilities, one node, and no head count or scale is needed. */
function attention(wanted: Wanted): MadeSignal {
  const { draft, view, layer, signal } = wanted;
  const { probabilities } = layer.attention;
  const isFirst = signal === "clsAttention";
  if (probabilities === undefined) {
    const refuse = (reason: string) => lacking(wanted, reason);
    const project = (name: "query" | "key") => projection(wanted, name).tensor;
    const rows = isFirst ? "first" : "all";
    const computed = fusedProbabilities(draft, view, layer.attention, { rows, project, refuse });
    // [B, H, 1, L]
    const row = isFirst ? computed : draft.mean(computed, 2);
    return { tensor: draft.reshape(row, [0, 0, -1]), dataType: DATA_TYPES.float32.id, rank: 3 };
  }
  const rank = rankOf(view, probabilities);
  if (rank !== undefined && rank < 3) throw lacking(wanted, `its probabilities have ${rank} axes`);
  const tensor = isFirst
    ? draft.gather(probabilities, draft.integers([0], []), -2)
    : draft.mean(probabilities, -2, false);
  return { tensor, dataType: elementType(view, probabilities), rank: rank === undefined ? undefined : rank - 1 };
}
