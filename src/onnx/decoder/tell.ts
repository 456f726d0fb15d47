/**
 * @file Decoders that can be told where each token stands and how loudly it speaks: two more inputs, a few nodes, weights untouched. With
 * places counted up from 0 and biases of 0 a decoder says what it said before.
 */
import { refusalFor, shape } from "../../core/index.js";
import { type GraphDraft, newDraft, type Tensor } from "../graph/graph-draft.js";
import { type GraphView, takenName, viewGraph } from "../graph/graph-view.js";
import { elementType } from "../graph/infer.js";
import { withAdded } from "../graph/with-added.js";
import { assertModel, onnxOptions } from "../proto/assert-model.js";
import { OnnxInputError, OnnxUnsupportedError } from "../proto/errors.js";
import { makeValueInfo } from "../proto/make.js";
import type { OnnxModel, OnnxNode } from "../proto/model.js";
import { DATA_TYPES } from "../proto/schema.js";
import { withInputs } from "../proto/write-model.js";
import {
  type DecoderAttentionForm,
  isDecoder,
  type LocatedDecoder,
  locateDecoder,
  type PlacesBy,
  untold,
} from "./locate-decoder.js";
import { POSITION_IDS, placesOf, rotatesItself, TABLES, toldRows } from "./places.js";

/** The new inputs of a told decoder, both `[past + new]`, int64 and float32, for one sequence at a time. */
export const TOLD_INPUTS = { places: "places", mass: "key_bias" } as const;
/** What a decoder can be told. */
export type ToldInput = keyof typeof TOLD_INPUTS;

const OPTIONS = { what: shape.optional(shape.list(shape.text)) };

const TOLD = Object.keys(TOLD_INPUTS) as ToldInput[];
const TYPES = { places: DATA_TYPES.int64.id, mass: DATA_TYPES.float32.id } as const;

/** What to tell. */
export interface TellOptions {
  /**
   * `places`: input `places`, the position of every token in the cache and of the new ones. `mass`: input `key_bias`, added to the scores of
   * each as a key, in every layer with keys, before the softmax and behind a cap. Default: both.
   */
  readonly what?: readonly ToldInput[];
}

/** What a decoder can be told, and how it was found. */
export interface DecoderInspection {
  /** Layers with keys, by the form of their attention. */
  readonly layers: Readonly<Partial<Record<DecoderAttentionForm, number>>>;
  /** Caches of layers without keys, which nothing can be told. */
  readonly passedBy: readonly string[];
  /** Undefined where they cannot be told, or are taken already. */
  readonly places?: PlacesBy;
  /** Rows of the rotation's tables: places are below it. Undefined where the graph computes cosines, for any place. */
  readonly positions?: number;
  /** What it takes already: it has been told before. */
  readonly takes: readonly ToldInput[];
  /** What it can be told beside that. */
  readonly told: readonly ToldInput[];
  /** Reason for each that it cannot be told. */
  readonly refused: Readonly<Partial<Record<ToldInput, string>>>;
}

/**
 * The decoder with more inputs, otherwise unchanged; `position_ids` stays an input where it is one, and is not read any more.
 *
 * @throws OnnxUnsupportedError for a graph that is no decoder with a cache, and for one that cannot be told, by node and reason.
 *   OnnxInputError for names that are taken, as in a decoder that has been told already.
 */
export function tell(model: OnnxModel, options: TellOptions = {}): OnnxModel {
  assertModel("tell", model);
  const { what = TOLD } = onnxOptions("tell", options, OPTIONS);
  const unknown = what.find((one) => !Object.hasOwn(TOLD_INPUTS, one));
  if (unknown !== undefined) throw refusal(`what among ${TOLD.join(", ")}`, unknown);
  const located = locateDecoder(model);
  const { view, opset } = located;
  const assertFree = (names: readonly string[]) => {
    const taken = takenName(view, names);
    if (taken !== undefined) throw refusal("a decoder that has not been told yet", `one with a tensor ${taken}`);
  };
  assertFree(what.map((one) => TOLD_INPUTS[one]));
  // What is told one after the other has names of its own.
  const draft = newDraft(what.length === 1 ? `recoup.${what[0]}.` : "recoup.", opset);
  const inputs = new Map<OnnxNode, string[]>();
  const inputsOf = (node: OnnxNode) => {
    const own = inputs.get(node) ?? [...node.inputs];
    inputs.set(node, own);
    return own;
  };
  if (what.includes("places")) tellPlaces(located, placesOf(located).by, draft, inputsOf);
  if (what.includes("mass")) tellMass(located, draft, inputsOf);
  const length = totalLength(view);
  const told = [...new Set(what)].map((one) => makeValueInfo(TOLD_INPUTS[one], TYPES[one], [length]));
  assertFree([...draft.nodes.flatMap(({ outputs }) => outputs), ...draft.initializers.keys()]);
  const nodes = view.nodes.map((node) => {
    const own = inputs.get(node);
    return own === undefined ? node : withInputs(node, own);
  });
  const whole = withAdded(model, { nodes }, { ...draft, outputs: [] });
  const graph = { ...whole.graph, inputs: [...whole.graph.inputs, ...told] };
  // Checkers want new nodes before those that take their results.
  return { ...whole, graph: { ...graph, nodes: viewGraph(graph).nodes } };
}

const refusal = refusalFor("tell", OnnxInputError);

/** Facts of a decoder; undefined for a model without cached keys. */
export function inspectDecoder(model: OnnxModel): DecoderInspection | undefined {
  if (!isDecoder(model)) return undefined;
  const refused: Partial<Record<ToldInput, string>> = {};
  const tried = <T>(ones: readonly ToldInput[], work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof OnnxUnsupportedError)) throw error;
      for (const one of ones) refused[one] = error.got;
      return undefined;
    }
  };
  const located = tried(TOLD, () => locateDecoder(model));
  if (located === undefined) return { layers: {}, passedBy: [], takes: [], told: [], refused };
  const { view } = located;
  const takes = TOLD.filter((one) => isTaken(view, one));
  const layers: Partial<Record<DecoderAttentionForm, number>> = {};
  for (const { form } of located.attentions) layers[form] = (layers[form] ?? 0) + 1;
  const isKnown = takes.includes("places");
  const places = isKnown ? undefined : tried(["places"], () => placesOf(located));
  if (!takes.includes("mass"))
    tried(["mass"], () => tellMass(located, newDraft("", located.opset), ({ inputs }) => [...inputs]));
  const rest = TOLD.filter((one) => !takes.includes(one));
  for (const one of rest) {
    const name = takenName(view, [TOLD_INPUTS[one]]);
    if (name !== undefined) refused[one] ??= `another tensor is called ${name}`;
  }
  return {
    layers,
    passedBy: located.passedBy,
    places: places?.by,
    positions: isKnown ? toldRows(view, TOLD_INPUTS.places).rows : places?.rows,
    takes,
    told: rest.filter((one) => refused[one] === undefined),
    refused,
  };
}

/** Whether a decoder has the input already. */
function isTaken({ graph }: GraphView, one: ToldInput): boolean {
  const input = graph.inputs.find(({ name }) => name === TOLD_INPUTS[one]);
  return input?.dataType === TYPES[one] && input.shape?.length === 1;
}

/** The inputs of a node, to be changed. */
type InputsOf = (node: OnnxNode) => string[];

function tellPlaces({ view, attentions }: LocatedDecoder, by: PlacesBy, draft: GraphDraft, inputsOf: InputsOf): void {
  if (by === "positions") {
    const [whole, fresh] = [draft.node("Shape", [TOLD_INPUTS.places])[0], newLength(view, draft)];
    const [last] = draft.node("Slice", [TOLD_INPUTS.places, draft.sub(whole, fresh), whole, draft.integers([0])]);
    const positions = draft.unsqueeze(last, 0);
    for (const node of view.consumers.get(POSITION_IDS) ?? []) replace(inputsOf(node), POSITION_IDS, positions);
    return;
  }
  // The node reads row past + i of its tables: rows in the order of the cache stand where their places say.
  const gathered = new Map<string, Tensor>();
  for (const { node } of attentions) {
    if (!rotatesItself(node)) continue;
    const own = inputsOf(node);
    for (const at of TABLES) {
      const table = own[at];
      const rows = gathered.get(table) ?? draft.gather(table, TOLD_INPUTS.places);
      gathered.set(table, rows);
      own[at] = rows;
    }
  }
}

function replace(names: string[], from: string, to: string): void {
  for (const [at, name] of names.entries()) if (name === from) names[at] = to;
}

function tellMass({ view, attentions }: LocatedDecoder, draft: GraphDraft, inputsOf: InputsOf): void {
  const { biasLike, wide, lowest, lastOf } = biasTensors(view, draft);
  for (const { form, node, at, windowed } of attentions) {
    const own = inputsOf(node);
    const scores = own[at];
    // A fused node's scores have the type of its queries, its mask may be of booleans.
    const type = elementType(view, form === "softmax" ? scores : own[0]);
    if (type === undefined) throw untold(node, "the type of its scores does not follow from the graph");
    while (own.length <= at) own.push("");
    if (!scores) own[at] = wide(type);
    else if (elementType(view, scores) === DATA_TYPES.bool.id)
      own[at] = draft.where(scores, biasLike(type), lowest(type));
    else own[at] = draft.add(scores, windowed ? lastOf(biasLike(type), scores) : biasLike(type));
  }
}

/** Forms of the bias by TensorProto.DataType, each made once for all layers. */
function biasTensors(view: GraphView, draft: GraphDraft) {
  const made = new Map<string, Tensor>();
  const once = (key: string, make: () => Tensor) => {
    const tensor = made.get(key) ?? make();
    made.set(key, tensor);
    return tensor;
  };
  const biasLike = (type: number) =>
    type === DATA_TYPES.float32.id
      ? TOLD_INPUTS.mass
      : once(`cast ${type}`, () => draft.node("Cast", [TOLD_INPUTS.mass], { attributes: { to: BigInt(type) } })[0]);
  /** [1, 1, S, T], for operators that do not repeat it by themselves. */
  const wide = (type: number) =>
    once(`wide ${type}`, () => {
      const one = draft.integers([1]);
      const dims = draft.concat([one, one, newLength(view, draft), draft.node("Shape", [TOLD_INPUTS.mass])[0]], 0);
      return draft.node("Expand", [biasLike(type), dims])[0];
    });
  /** What a masked score has: the lowest float32, which is -Infinity as a half. */
  const lowest = (type: number) =>
    once(`lowest ${type}`, () => {
      const float = draft.floats([-(2 - 2 ** -23) * 2 ** 127], []);
      return draft.node("Cast", [float], { attributes: { to: BigInt(type) } })[0];
    });
  /** Those of the last keys, as many as there are scores. */
  const lastOf = (bias: Tensor, scores: Tensor) => {
    const [whole] = draft.node("Shape", [bias]);
    const [shape] = draft.node("Shape", [scores]);
    const kept = draft.gather(shape, draft.integers([-1]));
    return draft.node("Slice", [bias, draft.sub(whole, kept), whole, draft.integers([0])])[0];
  };
  return { biasLike, wide, lowest, lastOf };
}

/** Number of new tokens, `[1]`. */
function newLength(view: GraphView, draft: GraphDraft): Tensor {
  const input = view.graph.inputs.find(({ name }) => name === "inputs_embeds" || name === "input_ids");
  if (input === undefined)
    throw refusalFor("tell", OnnxUnsupportedError)("a decoder with an input inputs_embeds", "none");
  const [shape] = draft.node("Shape", [input.name]);
  return draft.slice(shape, 0, 1, 2);
}

/** Name of the length of cache and new tokens together, as the file has it. */
function totalLength(view: GraphView): string {
  const length = view.declared.get("attention_mask")?.shape?.[1];
  return typeof length === "string" ? length : "total_sequence_length";
}
