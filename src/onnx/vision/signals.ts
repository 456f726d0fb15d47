/** @file The signals of a layer: tensors that its graph holds, or that a few more nodes compute; and a model with them as outputs. */
import { refusalFor } from "../../core/index.js";
import { type GraphDraft, newDraft, type Tensor } from "../graph/graph-draft.js";
import { type GraphView, label, nodeName, takenName } from "../graph/graph-view.js";
import { elementType, rankOf } from "../graph/infer.js";
import { withAdded } from "../graph/with-added.js";
import { OnnxInputError, OnnxUnsupportedError } from "../proto/errors.js";
import { axes, makeValueInfo } from "../proto/make.js";
import type { OnnxModel } from "../proto/model.js";
import { DATA_TYPES } from "../proto/schema.js";
import type { Attention, AttentionForm, Layer, States, ToRows } from "./attention.js";

/**
 * The signals of a layer. `states` and `statesAfter`: hidden states before and after it, [B, L, C]. `query`, `key`: bias in, not scaled,
 * [B, L, C]. `clsAttention`: attention of the first token, [B, H, L], or [B * H, L] as some graphs have it. `receivedAttention`: for
 * towers without a class token, the mean attention that each token gets from all tokens, likewise. Attention that a fused node keeps
 * inside is computed once more from its queries and keys, in float32.
 */
export const TAP_SIGNALS = ["states", "statesAfter", "query", "key", "clsAttention", "receivedAttention"] as const;
/** Name of one of these signals. */
export type TapSignal = (typeof TAP_SIGNALS)[number];

/** A signal to be made: of a layer, with nodes on a draft where the graph lacks it. */
export interface Wanted {
  readonly draft: GraphDraft;
  readonly view: GraphView;
  readonly layer: Layer;
  readonly signal: TapSignal;
}

/** A tensor of the graph or of the draft. Type and number of axes are undefined where they do not follow from the graph. */
export interface MadeSignal {
  readonly tensor: Tensor;
  /** TensorProto.DataType. */
  readonly dataType?: number;
  readonly rank?: number;
}

/** A layer in its graph, in a version of the ai.onnx operators. */
export interface LayerInGraph {
  readonly view: GraphView;
  readonly opset: number;
  readonly layer: Layer;
}

/** A model with more outputs. */
export interface Tapped {
  readonly model: OnnxModel;
  /** Name of the new output of each signal. */
  readonly outputs: Readonly<Partial<Record<TapSignal, string>>>;
}

/** The model with signals of a layer as outputs. @throws OnnxUnsupportedError for a signal that it lacks, OnnxInputError for taken names. */
export function withSignals(
  model: OnnxModel,
  { view, opset, layer }: LayerInGraph,
  signals: readonly TapSignal[],
  prefix = "recoup.",
): Tapped {
  const draft = newDraft(prefix, opset);
  const outputs: Partial<Record<TapSignal, string>> = {};
  for (const signal of new Set(signals)) {
    const { tensor, dataType, rank } = makeSignal({ draft, view, layer, signal });
    outputs[signal] = draft.output(tensor, makeValueInfo(prefix + signal, dataType, axes(rank)));
  }
  const added = [...draft.nodes.flatMap((node) => node.outputs), ...draft.initializers.keys()];
  const taken = takenName(view, added);
  if (taken !== undefined)
    throw refusalFor("tap", OnnxInputError)(`names with ${prefix} to be free`, `a tensor ${taken}`);
  return { model: withAdded(model, view, draft), outputs };
}

/** @throws OnnxUnsupportedError if the layer lacks the signal. */
export function makeSignal(wanted: Wanted): MadeSignal {
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

function statesTensor({ draft, view, layer }: Wanted, states: States): MadeSignal {
  const [first, ...rest] = "tensor" in states ? [states.tensor] : states.sumOf;
  const sum = rest.reduce((sum, term) => draft.add(sum, term), first);
  const tensor = layer.isTokensFirst ? draft.transpose(sum, [1, 0, 2]) : sum;
  return { tensor, dataType: elementType(view, first), rank: rankOf(view, first) ?? 3 };
}

function projection(wanted: Wanted, name: "query" | "key"): MadeSignal {
  const { draft, view } = wanted;
  const { attention } = wanted.layer;
  if (attention.form === "packed") return packedProjection(wanted, name);
  const found = attention[name];
  if (found === undefined) throw lacking(wanted, attention.unserved ?? `it has no ${name}`);
  const dataType = elementType(view, found);
  const toRows = attention.toRows?.[name];
  if (toRows !== undefined)
    return { tensor: asRows(draft, found, toRows), dataType, rank: (toRows.joinedFrom ?? toRows.perm.length - 1) + 1 };
  if (attention.bias === undefined) return { tensor: found, dataType, rank: rankOf(view, found) ?? 3 };
  const width = (view.initializer.get(attention.bias)?.dims[0] ?? 0) / 3;
  if (!Number.isInteger(width) || width === 0) throw lacking(wanted, "the bias is not a weight of the file");
  return { tensor: draft.add(found, third(draft, attention.bias, 0, width, name)), dataType, rank: 3 };
}

/** Axes in the order [B, L, …], those behind joined to [B, L, C]. */
function asRows(draft: GraphDraft, tensor: Tensor, { perm, joinedFrom }: ToRows): Tensor {
  const isSame = perm.every((place, i) => place === i);
  const ordered = isSame ? tensor : draft.transpose(tensor, perm);
  return joinedFrom === undefined ? ordered : draft.reshape(ordered, [...Array(joinedFrom).fill(0), -1]);
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
    const computed = fusedProbabilities(wanted, isFirst);
    // [B, H, 1, L]
    const row = isFirst ? computed : draft.mean(computed, 2);
    return { tensor: draft.reshape(row, [0, 0, -1]), dataType: DATA_TYPES.float32.id, rank: 3 };
  }
  const { axes: places, problem } = layer.attention;
  if (places === undefined) throw lacking(wanted, problem ?? "its axes are unknown");
  const { query, key, rank } = places;
  const one = isFirst
    ? draft.gather(probabilities, draft.integers([0], []), query - rank)
    : draft.mean(probabilities, query - rank, false);
  // The keys last.
  const place = key > query ? key - 1 : key;
  const others = Array.from({ length: rank - 1 }, (_, i) => i).filter((i) => i !== place);
  const tensor = place === rank - 2 ? one : draft.transpose(one, [...others, place]);
  return { tensor, dataType: elementType(view, probabilities), rank: rank - 1 };
}

/**
 * The attention inside a fused node, computed once more: softmax(scale · q · kᵀ) per head, [B, H, 1 or L, L], in float32.
 *
 * @throws OnnxUnsupportedError for a node with a mask, a cap or a past: vision towers have none of these.
 */
function fusedProbabilities(wanted: Wanted, isFirst: boolean): Tensor {
  const { draft, view } = wanted;
  const { attention } = wanted.layer;
  const { node, form, heads } = attention;
  const extra = EXTRA[form].inputs.map((i) => node.inputs[i]).find((name) => name);
  if (extra !== undefined) throw lacking(wanted, `a mask, bias or past (${extra}) goes into its probabilities`);
  const changing = EXTRA[form].attributes.find((name) => isSet(attention, name));
  if (changing !== undefined) throw lacking(wanted, `its probabilities follow from ${changing}, too`);
  if (isGrouped(view, attention)) throw lacking(wanted, "several of its queries share one key");
  const perHead = (name: "query" | "key", input: Tensor): Tensor => {
    // ai.onnx Attention takes heads apart, too: [B, H, L, D].
    if (form === "onnx" && rankOf(view, input) === 4) return draft.cast(input, "float32");
    if (heads === undefined) throw lacking(wanted, "its number of heads is unknown");
    const projected = draft.cast(projection(wanted, name).tensor, "float32");
    return draft.transpose(draft.reshape(projected, [0, 0, heads, -1]), [0, 2, 1, 3]);
  };
  const [query, key] = [perHead("query", node.inputs[0]), perHead("key", node.inputs[1])];
  const chosen = isFirst ? draft.slice(query, 2, 0, 1) : query;
  const logits = draft.matMul(chosen, draft.transpose(key, [0, 1, 3, 2]));
  const scale = node.attributes.get("scale")?.float ?? 0;
  // 0, which is also the default, stands for D^-0.5.
  const scaled =
    scale === 0 ? draft.div(logits, draft.sqrt(headWidth(draft, query))) : draft.mul(logits, draft.floats([scale]));
  return draft.softmax(scaled);
}

/** D of [B, H, L, D], as a vector of one float. */
function headWidth(draft: GraphDraft, heads: Tensor): Tensor {
  const [shape] = draft.node("Shape", [heads]);
  return draft.cast(draft.slice(shape, 0, 3, 4), "float32");
}

/**
 * Inputs (by position) and attributes that change the probabilities, by ONNX Runtime's docs/ContribOperators.md and ONNX's
 * docs/Operators.md. Without them a node computes softmax(q · kᵀ · scale) · v.
 */
const EXTRA: Readonly<Record<AttentionForm, { inputs: readonly number[]; attributes: readonly string[] }>> = {
  softmax: { inputs: [], attributes: [] },
  packed: { inputs: [3, 4, 5, 6], attributes: ["unidirectional", "do_rotary", "past_present_share_buffer"] },
  "multi-head": { inputs: [4, 5, 6, 7, 8, 9], attributes: ["unidirectional"] },
  onnx: { inputs: [3, 4, 5, 6], attributes: ["is_causal", "softcap"] },
};

function isSet({ node }: Attention, name: string): boolean {
  const { int = 0n, float = 0 } = node.attributes.get(name) ?? {};
  return int !== 0n || float !== 0;
}

/** Fewer heads of keys than of queries: ai.onnx Attention alone has that, by its attributes or by shapes [B, H, L, D]. */
function isGrouped(view: GraphView, { form, node }: Attention): boolean {
  if (form !== "onnx") return false;
  const [asked, given] = ["q_num_heads", "kv_num_heads"].map((name) => node.attributes.get(name)?.int);
  if (asked !== undefined || given !== undefined) return asked !== given;
  const [query, key] = node.inputs.map((name) => view.declared.get(name)?.shape);
  return query?.length === 4 && key?.length === 4 && query[1] !== key[1];
}
