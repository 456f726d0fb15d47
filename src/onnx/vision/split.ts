/**
 * @file A LLaVA's vision encoder in three parts, from published files as they are: trunk (picture to hidden states), tail (the
 * signals of the last layer) and projector (rows to the language model's width). LLaVA-1.5 takes the states before CLIP's last
 * layer, so its file lacks that layer; then the tail comes from the CLIP vision file.
 */

import { extract } from "../graph/extract.js";
import type { GraphView } from "../graph/graph-view.js";
import { isOf } from "../graph/walk.js";
import { OnnxInputError, OnnxUnsupportedError } from "../proto/errors.js";
import type { OnnxModel } from "../proto/model.js";
import { EMBEDDINGS, withEmbeddings } from "./embed-rows.js";
import { type Located, lastLayer, locate } from "./locate.js";
import { singleCuts } from "./locate-cut.js";
import { normOfSum, type States } from "./locate-norm.js";
import { openSkipNorm } from "./open-skip-norm.js";
import { tap } from "./tap.js";
import type { TapPlan } from "./tap-plan.js";
import { towerWidth } from "./tower-width.js";

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
 * Cuts a vision encoder, and the CLIP file of its tower, into the three parts: `planParts`, then `cutParts`.
 *
 * @throws OnnxUnsupportedError where a part is not found; OnnxInputError where the last layer is missing and no CLIP file was given.
 */
export function threeParts(vision: OnnxModel, options: PartsOptions = {}): Parts {
  return cutParts(planParts(vision, options), vision, options.clip);
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
  throw new OnnxInputError({
    operation: "threeParts",
    expected: `a CLIP file of the encoder's tower (${words(own)}), with its last layer or one more`,
    got: words(theirs),
  });
}

/** Where to cut. @throws as `threeParts`. */
export function planParts(vision: OnnxModel, options: PartsOptions = {}): TapPlan {
  const { clip, configuredLayers } = options;
  const located = locate(vision);
  const layer = lastLayer(located);
  const pruned = clip !== undefined ? lacksLast(located, locate(clip)) : configuredLayers === located.layers.length + 1;
  if (pruned && clip === undefined) {
    throw new OnnxInputError({
      operation: "threeParts",
      expected: `the CLIP vision file, since the encoder has ${located.layers.length} of ${configuredLayers} layers`,
      got: "none",
    });
  }
  const output = outputOf(vision, options.output);
  const [picture] = vision.graph.inputs;
  if (picture === undefined)
    throw new OnnxInputError({ operation: "threeParts", expected: "an encoder with an input", got: "none" });
  const after = rowsAfter(located.view, layer.after);
  const states = pruned
    ? tensorOf(layer.after, "the last layer's hidden states")
    : tensorOf(layer.before, "the hidden states before the last layer");
  const cut = projectorInput(located, after, output);
  return {
    format: "recoup-tap-plan",
    version: 1,
    layers: located.layers.length,
    trunk: { input: picture.name, states },
    tail:
      pruned && clip !== undefined
        ? { file: "clip", ...tailOf(clip).plan }
        : { file: "vision", ...tailOf(vision).plan },
    projector: { input: cut.tensor, output, drops: cut.drops },
  };
}

/**
 * Cuts where a plan says, also a plan that was kept.
 *
 * @throws OnnxInputError for tensors that a file lacks, or a plan whose tail is the CLIP file's without that file.
 */
export function cutParts(plan: TapPlan, vision: OnnxModel, clip?: OnnxModel): Parts {
  const { trunk, tail, projector } = plan;
  const donor = tail.file === "clip" ? clip : vision;
  if (donor === undefined) {
    throw new OnnxInputError({
      operation: "cutParts",
      expected: "the CLIP vision file that the plan needs",
      got: "none",
    });
  }
  const outputs = [tail.query, tail.key, ...(tail.embeddings === undefined ? [] : [tail.embeddings])];
  return {
    plan,
    trunk: extract(vision, { inputs: [trunk.input], outputs: [trunk.states] }),
    tail: extract(tailOf(donor).tapped, { inputs: [tail.states], outputs }),
    projector: extract(vision, { inputs: [projector.input], outputs: [projector.output] }),
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

/** The last layer's states, or what a fused normalisation makes of them where it keeps their sum inside. */
function rowsAfter(view: GraphView, after: States | undefined): string {
  const normed = after !== undefined && "sumOf" in after ? normOfSum(view, after.sumOf) : undefined;
  return normed ?? tensorOf(after, "the last layer's hidden states");
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

/** The last layer with its signals as outputs: queries, keys, and where the file projects, patches in the text's space. */
function tailOf(file: OnnxModel): { plan: Omit<TapPlan["tail"], "file">; tapped: OnnxModel } {
  const model = openSkipNorm(file);
  const located = locate(model);
  const states = tensorOf(lastLayer(located).before, "the hidden states before the last layer");
  const tapped = tap(model, { signals: ["query", "key"] });
  const { query, key } = tapped.outputs;
  if (query === undefined || key === undefined) throw new Error("tap gave no name");
  const projected = withEmbeddings(tapped.model, located);
  return {
    plan: { states, query, key, ...(projected !== undefined && { embeddings: EMBEDDINGS }) },
    tapped: projected ?? tapped.model,
  };
}
