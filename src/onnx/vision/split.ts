/**
 * @file Splits a LLaVA's vision encoder, from published files as they are. Trunk: image to hidden states; tail: the signals of the
 * last layer; projector: rows to the language model's width. LLaVA-1.5 takes the states before CLIP's last layer, so its file lacks
 * that layer. Then the tail comes from the CLIP vision file.
 */
import { refusalFor, shape } from "../../core/index.js";
import { extract, singleCuts } from "../graph/extract.js";
import type { GraphView } from "../graph/graph-view.js";
import { assertModel, onnxOptions } from "../proto/assert-model.js";
import { OnnxInputError, OnnxUnsupportedError } from "../proto/errors.js";
import { isOf, type OnnxModel } from "../proto/model.js";
import type { States } from "./attention.js";
import { normOfSum } from "./layer.js";
import { type Located, lastLayer, locate, towerWidth } from "./locate.js";
import { type LayerInGraph, withSignals } from "./signals.js";
import { EMBEDDINGS, openSkipNorm, withEmbeddings } from "./tail.js";

const refusal = refusalFor("split", OnnxInputError);
/** Places of a split, as plain data: the tensors at both ends of each part. */
export interface SplitPlan {
  readonly format: "recoup-split-plan";
  readonly version: 1;
  /** Self-attention layers in the vision encoder's file. */
  readonly layers: number;
  /** Image to hidden states before the layer whose attention is used, [B, L, C]. */
  readonly trunk: { readonly input: string; readonly states: string };
  /** States to queries and keys [B, L, C] and rows in the text's space [B, L, D]. Files without a projection have no `embeddings`. */
  readonly tail: {
    readonly file: "vision" | "clip";
    readonly states: string;
    readonly query: string;
    readonly key: string;
    readonly embeddings?: string;
  };
  /** Rows [B, K, C] to the language model's width. `drops` leading rows (the class token) are no source tokens. */
  readonly projector: { readonly input: string; readonly output: string; readonly drops: 0 | 1 };
}

/** A vision encoder in three models. */
export interface Split {
  readonly plan: SplitPlan;
  /** Image to hidden states. */
  readonly trunk: OnnxModel;
  /** Hidden states to queries, keys and rows in the text's space. */
  readonly tail: OnnxModel;
  /** Kept rows to the language model's width. */
  readonly projector: OnnxModel;
}

/** Further facts about the vision encoder. */
export interface SplitOptions {
  /** The published CLIP vision model (`vision_model.onnx`) of the same tower. */
  readonly clip?: OnnxModel;
  /** Layers of the tower by config.json: they prove that the last layer was pruned. */
  readonly configuredLayers?: number;
  /** The vision encoder's output. Default: its only one, or `image_features`. */
  readonly output?: string;
}

/**
 * Splits a vision encoder, and the CLIP file of its tower: `planSplit`, then `applySplit`.
 *
 * @throws OnnxUnsupportedError where a part is not found; OnnxInputError where the last layer is missing and no CLIP file was given.
 */
export function split(vision: OnnxModel, options: SplitOptions = {}): Split {
  return applySplit(planSplit(vision, options), vision, options.clip);
}

const OPTIONS = { configuredLayers: shape.optional(shape.count), output: shape.optional(shape.text) };

/** The places to cut at. @throws as `split`. */
export function planSplit(vision: OnnxModel, options: SplitOptions = {}): SplitPlan {
  assertModel("split", vision);
  const { clip, configuredLayers, output: wanted } = onnxOptions("split", options, OPTIONS);
  if (clip !== undefined) assertModel("split", clip, "clip");
  const located = locate(vision);
  const { before, after, isTokensFirst } = lastLayer(located);
  if (isTokensFirst) throw refusalFor("split", OnnxUnsupportedError)("hidden states [B, L, C]", "[L, B, C]");
  const layers = located.layers.length;
  const pruned = clip === undefined ? configuredLayers === layers + 1 : lacksLast(located, locate(clip));
  if (pruned && clip === undefined) {
    const expected = `the CLIP vision file, since the encoder has ${layers} of ${configuredLayers} layers`;
    throw refusal(expected, "none");
  }
  const output = outputOf(vision, wanted);
  const [image] = vision.graph.inputs;
  if (image === undefined) throw refusal("an encoder with an input", "none");
  const rows = rowsAfter(located.view, after);
  return {
    format: "recoup-split-plan",
    version: 1,
    layers,
    trunk: { input: image.name, states: pruned ? tensorOf(after, AFTER) : tensorOf(before, BEFORE) },
    tail:
      pruned && clip !== undefined
        ? { file: "clip", ...tailOf(clip).plan }
        : { file: "vision", ...tailOf(vision).plan },
    projector: { ...projectorInput(located.view, rows, output), output },
  };
}

/**
 * Cuts at the places of a plan.
 *
 * @throws OnnxInputError for tensors that a file lacks, or a plan whose tail is the CLIP file's without that file.
 */
export function applySplit(plan: SplitPlan, vision: OnnxModel, clip?: OnnxModel): Split {
  const { trunk, tail, projector } = plan;
  const donor = tail.file === "clip" ? clip : vision;
  if (donor === undefined) throw refusal("the CLIP vision file that the plan needs", "none");
  const outputs = [tail.query, tail.key, ...(tail.embeddings === undefined ? [] : [tail.embeddings])];
  return {
    plan,
    trunk: extract(vision, { inputs: [trunk.input], outputs: [trunk.states] }),
    tail: extract(tailOf(donor).tapped, { inputs: [tail.states], outputs }),
    projector: extract(vision, { inputs: [projector.input], outputs: [projector.output] }),
  };
}

/** Whether the encoder lacks the last layer that the CLIP file has. @throws OnnxInputError for a file of another tower. */
function lacksLast(vision: Located, clip: Located): boolean {
  const [own, theirs] = [vision, clip].map((located) => ({
    layers: located.layers.length,
    width: towerWidth(located),
  }));
  const more = theirs.layers - own.layers;
  const sameWidth = own.width === undefined || theirs.width === undefined || own.width === theirs.width;
  if ((more === 0 || more === 1) && sameWidth) return more === 1;
  const words = ({ layers, width = 0 }: typeof own) => `${layers} layers${width > 0 ? ` of width ${width}` : ""}`;
  const expected = `a CLIP file of the encoder's tower (${words(own)}), with its last layer or one more`;
  throw refusal(expected, words(theirs));
}

function outputOf({ graph }: OnnxModel, wanted: string | undefined): string {
  const names = graph.outputs.map(({ name }) => name);
  const name = wanted ?? (names.length === 1 ? names[0] : "image_features");
  if (names.includes(name)) return name;
  throw refusal(`an output of ${names.join(", ")}`, name);
}

const BEFORE = "the hidden states before the last layer";
const AFTER = "the last layer's hidden states";

function tensorOf(states: States | undefined, title: string): string {
  if (states !== undefined && "tensor" in states) return states.tensor;
  throw refusalFor("split", OnnxUnsupportedError)(`${title} as one tensor`, "a sum inside a fused node");
}

/** The last layer's states; where a fused norm keeps their sum inside, their normalized form. */
function rowsAfter(view: GraphView, after: States | undefined): string {
  const normed = after !== undefined && "sumOf" in after ? normOfSum(view, after.sumOf) : undefined;
  return normed ?? tensorOf(after, AFTER);
}

/**
 * The first tensor after the tower that alone makes the output. It lies behind the cut that drops the class token, if there is one.
 */
function projectorInput(view: GraphView, states: string, output: string): { input: string; drops: 0 | 1 } {
  for (const input of singleCuts(view, states, output)) {
    const node = view.producer.get(input);
    if (isOf(node, "Slice", "Gather")) return { input, drops: 1 };
    if (!isOf(node, "Identity", "Cast")) break;
  }
  return { input: states, drops: 0 };
}

/** The last layer with its signals as outputs: queries, keys, and where the file projects, rows in the text's space. */
function tailOf(file: OnnxModel): { plan: Omit<SplitPlan["tail"], "file">; tapped: OnnxModel } {
  const model = openSkipNorm(file, lastOf(file));
  const last = lastOf(model);
  const states = tensorOf(last.layer.before, BEFORE);
  const { model: tapped, outputs } = withSignals(model, last, ["query", "key"]);
  const { query, key } = outputs;
  if (query === undefined || key === undefined) throw new Error("a signal has no name");
  const projected = withEmbeddings(tapped, last);
  return {
    plan: { states, query, key, ...(projected !== undefined && { embeddings: EMBEDDINGS }) },
    tapped: projected ?? tapped,
  };
}

function lastOf(model: OnnxModel): LayerInGraph {
  const located = locate(model);
  return { ...located, layer: lastLayer(located) };
}
