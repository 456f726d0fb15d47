/** @file Adds outputs to a model: tensors that it computes anyway, by stable names, and the few nodes that they need. */
import { OnnxInputError, OnnxUnsupportedError } from "./errors.js";
import { type Layer, type Located, locate } from "./locate.js";
import type { States } from "./locate-norm.js";
import type { OnnxModel, OnnxNode, OnnxTensor, ValueInfo } from "./model.js";
import { elementType, rankOf } from "./types.js";
import { makeNode, makeTensor, makeValueInfo } from "./write-model.js";

/**
 * What can be tapped of a layer. `states` and `statesAfter`: hidden states before and after it, [B, L, C]. `query`, `key`: bias in,
 * not scaled, [B, L, C]. `clsAttention`: attention of the first token, [B, H, L] or [B * H, L] as the graph has it.
 * `receivedAttention`: for towers without a class token, how much each token is attended to on the mean over all tokens, likewise.
 */
export const TAP_SIGNALS = ["states", "statesAfter", "query", "key", "clsAttention", "receivedAttention"] as const;
export type TapSignal = (typeof TAP_SIGNALS)[number];

export interface TapOptions {
  readonly signals: readonly TapSignal[];
  /** Position in the layers that are found, from the end if negative. Default: -1, the last. */
  readonly layer?: number;
  /** Before each new name. Default: "recoup.". */
  readonly prefix?: string;
}

export interface Tapped {
  readonly model: OnnxModel;
  /** Name of the new output of each signal. */
  readonly outputs: Readonly<Partial<Record<TapSignal, string>>>;
}

/**
 * The model with more outputs; everything else is as it was. Weights are not touched, so of a file only some hundred bytes are new.
 *
 * @throws OnnxUnsupportedError if the tower is not found or a signal cannot be had from it; OnnxInputError for a layer that there is
 *   none of, or names that are taken.
 */
export function tap(model: OnnxModel, { signals, layer = -1, prefix = "recoup." }: TapOptions): Tapped {
  const located = locate(model);
  const chosen = located.layers.at(layer);
  if (chosen === undefined) {
    const { length } = located.layers;
    throw new OnnxInputError({
      operation: "tap",
      expected: `a layer from ${-length} to ${length - 1}`,
      got: String(layer),
    });
  }
  const draft = newDraft(located, prefix);
  const outputs: Partial<Record<TapSignal, string>> = {};
  for (const signal of new Set(signals)) outputs[signal] = addSignal(draft, chosen, signal);
  return { model: finish(model, draft), outputs };
}

/** What is added to a graph. */
interface Draft {
  readonly located: Located;
  readonly prefix: string;
  readonly nodes: OnnxNode[];
  readonly initializers: Map<string, OnnxTensor>;
  readonly outputs: ValueInfo[];
}

function newDraft(located: Located, prefix: string): Draft {
  return { located, prefix, nodes: [], initializers: new Map(), outputs: [] };
}

function finish(model: OnnxModel, { located, prefix, nodes, initializers, outputs }: Draft): OnnxModel {
  const { view } = located;
  const added = [...nodes.flatMap((node) => node.outputs), ...initializers.keys()];
  const taken = added.find((name) => view.producer.has(name) || view.initializer.has(name) || view.declared.has(name));
  if (taken !== undefined) {
    throw new OnnxInputError({
      operation: "tap",
      expected: `names with ${prefix} to be free`,
      got: `a tensor ${taken}`,
    });
  }
  const { graph } = model;
  return {
    ...model,
    graph: {
      ...graph,
      nodes: [...graph.nodes, ...nodes],
      initializers: [...graph.initializers, ...initializers.values()],
      outputs: [...graph.outputs, ...outputs],
    },
  };
}

function addSignal(draft: Draft, layer: Layer, signal: TapSignal): string {
  const { attention } = layer;
  switch (signal) {
    case "states":
      return output(draft, signal, statesTensor(draft, layer.before, signal));
    case "statesAfter":
      if (layer.after === undefined) throw lacking(layer, signal, "its residual sums are not found");
      return output(draft, signal, statesTensor(draft, layer.after, signal));
    case "query":
    case "key":
      return output(draft, signal, projection(draft, layer, signal));
    case "clsAttention":
    case "receivedAttention":
      if (attention.probabilities === undefined) throw lacking(layer, signal, "its probabilities stay inside the node");
      return reduced(draft, attention.probabilities, signal);
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

/** An output with a stable name for a tensor: Identity, so that the tensor itself keeps its own. */
function output(draft: Draft, signal: TapSignal, tensor: string): string {
  const name = draft.prefix + signal;
  append(draft, { opType: "Identity", inputs: [tensor], outputs: [name] });
  return declare(draft, name, tensor, rankOf(draft.located.view, tensor) ?? 3);
}

function declare(draft: Draft, name: string, like: string, rank: number): string {
  const type = typeOf(draft, like);
  draft.outputs.push(makeValueInfo(name, type, type === undefined ? undefined : Array(rank).fill(undefined)));
  return name;
}

/** Type of a tensor of the graph, or of one that was added from such. */
function typeOf(draft: Draft, name: string): number | undefined {
  const added = draft.nodes.find(({ outputs }) => outputs.includes(name));
  return added === undefined ? elementType(draft.located.view, name) : typeOf(draft, added.inputs[0]);
}

function append(draft: Draft, node: Parameters<typeof makeNode>[0]): string {
  draft.nodes.push(makeNode({ name: `${node.outputs[0]}/${node.opType}`, ...node }));
  return node.outputs[0];
}

function statesTensor(draft: Draft, states: States, signal: TapSignal): string {
  if ("tensor" in states) return states.tensor;
  const [first, ...rest] = states.sumOf;
  return rest.reduce(
    (sum, term, i) =>
      append(draft, { opType: "Add", inputs: [sum, term], outputs: [`${draft.prefix}${signal}.sum${i}`] }),
    first,
  );
}

function projection(draft: Draft, layer: Layer, signal: "query" | "key"): string {
  const { attention } = layer;
  const at = signal === "query" ? 0 : 1;
  if (attention.form === "packed") return packedProjection(draft, layer, signal, at);
  const tensor = attention[signal];
  if (tensor === undefined)
    throw lacking(
      layer,
      signal,
      "one linear layer makes queries, keys and values, and positions are rotated into them",
    );
  if (attention.bias === undefined) return tensor;
  const length = (draft.located.view.initializer.get(attention.bias)?.dims[0] ?? 0) / 3;
  if (!(length > 0)) throw lacking(layer, signal, "the bias is not a weight of the file");
  const bias = slice(draft, attention.bias, 0, at * length, length, `${signal}.bias`);
  return append(draft, { opType: "Add", inputs: [tensor, bias], outputs: [`${draft.prefix}${signal}.biased`] });
}

/** com.microsoft Attention: the node's own weights [C, 3 C] and bias, applied once more for the part that is wanted. */
function packedProjection(draft: Draft, layer: Layer, signal: "query" | "key", at: number): string {
  const [input, weight, bias] = layer.attention.node.inputs;
  const dims = draft.located.view.initializer.get(weight)?.dims ?? [];
  const width = dims[1] / 3;
  if (dims.length !== 2 || !Number.isInteger(width) || layer.attention.node.attributes.has("qkv_hidden_sizes")) {
    throw lacking(layer, signal, `its packed weights are ${dims.join(" x ") || "not in the file"}`);
  }
  const part = slice(draft, weight, 1, at * width, width, `${signal}.weight`);
  const product = append(draft, {
    opType: "MatMul",
    inputs: [input, part],
    outputs: [`${draft.prefix}${signal}.product`],
  });
  if (bias === undefined || bias === "") return product;
  const partBias = slice(draft, bias, 0, at * width, width, `${signal}.bias`);
  return append(draft, { opType: "Add", inputs: [product, partBias], outputs: [`${draft.prefix}${signal}.biased`] });
}

function slice(draft: Draft, tensor: string, axis: number, from: number, length: number, name: string): string {
  const [start, end, axes] = [from, from + length, axis].map((value) => integers(draft, [value]));
  return append(draft, { opType: "Slice", inputs: [tensor, start, end, axes], outputs: [draft.prefix + name] });
}

/** A constant vector of whole numbers; equal ones are one initializer. */
function integers(draft: Draft, values: readonly number[], scalar = false): string {
  const name = `${draft.prefix}${scalar ? "scalar" : "vector"}.${values.join(".")}`;
  if (!draft.initializers.has(name)) {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    draft.initializers.set(name, makeTensor(name, "int64", scalar ? [] : [values.length], bytes));
  }
  return name;
}

/** The first token's row, or the mean over rows: one node, and neither the number of heads nor the scale has to be known. */
function reduced(draft: Draft, probabilities: string, signal: "clsAttention" | "receivedAttention"): string {
  const { view } = draft.located;
  const rank = rankOf(view, probabilities) ?? 4;
  const name = draft.prefix + signal;
  if (signal === "clsAttention") {
    const inputs = [probabilities, integers(draft, [0], true)];
    append(draft, { opType: "Gather", inputs, outputs: [name], attributes: { axis: BigInt(rank - 2) } });
  } else {
    // From opset 18 on axes are an input.
    const late = draft.located.opset >= 18;
    const axes = BigInt(rank - 2);
    append(draft, {
      opType: "ReduceMean",
      inputs: late ? [probabilities, integers(draft, [rank - 2])] : [probabilities],
      outputs: [name],
      attributes: late ? { keepdims: 0n } : { axes: [axes], keepdims: 0n },
    });
  }
  return declare(draft, name, probabilities, rank - 1);
}
