/**
 * @file A LLaVA's vision encoder in three parts, from published files as they are: trunk (picture to hidden states), tail (the
 * signals of the last layer) and projector (rows to the language model's width). LLaVA-1.5 takes the states before CLIP's last
 * layer, so its file lacks that layer; then the tail comes from the CLIP vision file.
 */
import { EMBEDDINGS, withEmbeddings } from "./embed-rows.js";
import { OnnxInputError, OnnxUnsupportedError } from "./errors.js";
import { extract } from "./extract.js";
import { type Located, lastLayer, locate } from "./locate.js";
import { singleCuts } from "./locate-cut.js";
import type { States } from "./locate-norm.js";
import type { OnnxModel } from "./model.js";
import { openSkipNorm } from "./open-skip-norm.js";
import { tap } from "./tap.js";
import { isOf } from "./walk.js";

/** Which tensors the parts begin and end with: plain data, to be kept beside the model. */
export interface TapPlan {
  readonly format: "recoup-tap-plan";
  readonly version: 1;
  /** Self-attention layers in the vision encoder's file. */
  readonly layers: number;
  /** Picture to hidden states before the layer whose attention is used, [B, L, C]. */
  readonly trunk: { readonly input: string; readonly states: string };
  /** States to queries and keys [B, L, C] and patches in the text's space [B, L, D]; `embeddings` only where a projection was found. */
  readonly tail: {
    readonly from: "vision" | "clip";
    readonly states: string;
    readonly query: string;
    readonly key: string;
    readonly embeddings?: string;
  };
  /** Rows [B, K, C] to the language model's width. `drops` leading rows (the class token) are no source tokens. */
  readonly projector: { readonly input: string; readonly output: string; readonly drops: 0 | 1 };
}

export interface Parts {
  readonly plan: TapPlan;
  readonly trunk: OnnxModel;
  readonly tail: OnnxModel;
  readonly projector: OnnxModel;
}

export interface PartsOptions {
  /** The published CLIP vision model (`vision_model.onnx`) of the same tower. */
  readonly clip?: OnnxModel;
  /** Layers of the tower by config.json: with it a pruned last layer is known for sure. */
  readonly configuredLayers?: number;
  /** The vision encoder's output. Default: its only one, or `image_features`. */
  readonly output?: string;
}

/**
 * Cuts a vision encoder, and the CLIP file of its tower, into the three parts.
 *
 * @throws OnnxUnsupportedError where a part is not found; OnnxInputError where the last layer is missing and no CLIP file was given.
 */
export function threeParts(vision: OnnxModel, options: PartsOptions = {}): Parts {
  const { clip, configuredLayers } = options;
  const located = locate(vision);
  const layer = lastLayer(located);
  const pruned =
    clip !== undefined
      ? locate(clip).layers.length > located.layers.length
      : configuredLayers === located.layers.length + 1;
  if (pruned && clip === undefined) {
    throw new OnnxInputError({
      operation: "threeParts",
      expected: `the CLIP vision file, since the encoder has ${located.layers.length} of ${configuredLayers} layers`,
      got: "none",
    });
  }
  const output = outputOf(vision, options.output);
  const after = tensorOf(layer.after, "the last layer's hidden states");
  const states = pruned ? after : tensorOf(layer.before, "the hidden states before the last layer");
  const cut = projectorInput(located, after, output);
  const input = vision.graph.inputs[0].name;
  const tail = pruned && clip !== undefined ? tailOf(clip, "clip") : tailOf(vision, "vision");
  const plan: TapPlan = {
    format: "recoup-tap-plan",
    version: 1,
    layers: located.layers.length,
    trunk: { input, states },
    tail: tail.plan,
    projector: { input: cut.tensor, output, drops: cut.drops },
  };
  return {
    plan,
    trunk: extract(vision, { inputs: [input], outputs: [states] }),
    tail: tail.model,
    projector: extract(vision, { inputs: [cut.tensor], outputs: [output] }),
  };
}

function outputOf({ graph }: OnnxModel, wanted: string | undefined): string {
  const names = graph.outputs.map(({ name }) => name);
  const name = wanted ?? (names.length === 1 ? names[0] : "image_features");
  if (names.includes(name)) return name;
  throw new OnnxInputError({ operation: "threeParts", expected: `an output of ${names.join(", ")}`, got: name });
}

function tensorOf(states: States | undefined, what: string): string {
  if (states !== undefined && "tensor" in states) return states.tensor;
  throw new OnnxUnsupportedError({
    operation: "threeParts",
    expected: `${what} as one tensor`,
    got: "a sum inside a fused node",
  });
}

/** The first tensor after the tower that alone makes the output: behind the cut that drops the class token, if there is one. */
function projectorInput({ view }: Located, states: string, output: string): { tensor: string; drops: 0 | 1 } {
  for (const tensor of singleCuts(view, states, output)) {
    const node = view.producer.get(tensor);
    if (isOf(node, "Slice", "Gather")) return { tensor, drops: 1 };
    if (!isOf(node, "Identity", "Cast")) break;
  }
  return { tensor: states, drops: 0 };
}

/** The last layer from the states before it: queries, keys, and where the file projects, patches in the text's space. */
function tailOf(file: OnnxModel, from: "vision" | "clip"): { plan: TapPlan["tail"]; model: OnnxModel } {
  const model = openSkipNorm(file);
  const located = locate(model);
  const states = tensorOf(lastLayer(located).before, "the hidden states before the last layer");
  const tapped = tap(model, { signals: ["query", "key"] });
  const { query, key } = tapped.outputs;
  if (query === undefined || key === undefined) throw new Error("tap gave no name");
  const projected = withEmbeddings(tapped.model, located);
  const embeddings = projected === undefined ? undefined : EMBEDDINGS;
  const outputs = [query, key, ...(embeddings === undefined ? [] : [embeddings])];
  return {
    plan: { from, states, query, key, embeddings },
    model: extract(projected ?? tapped.model, { inputs: [states], outputs }),
  };
}
