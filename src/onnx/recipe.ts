/**
 * @file A LLaVA's vision encoder in three parts, from published files as they are: trunk (picture to hidden states), tail (the
 * signals of the last layer) and projector (rows to the language model's width). LLaVA-1.5 takes the states before CLIP's last
 * layer, so its file lacks that layer; then the tail comes from the CLIP vision file.
 */
import { OnnxInputError, OnnxUnsupportedError } from "./errors.js";
import { extract } from "./extract.js";
import { type Layer, type Located, lastLayer, locate } from "./locate.js";
import { singleCuts } from "./locate-cut.js";
import type { States } from "./locate-norm.js";
import type { OnnxModel, OnnxTensor } from "./model.js";
import { consumed } from "./read-message.js";
import { loadPieces } from "./source.js";
import { tap } from "./tap.js";
import { elementType } from "./types.js";
import { isOf } from "./walk.js";
import { makeNode, makeTensor, makeValueInfo, renameTensors } from "./write-model.js";

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
function tailOf(model: OnnxModel, from: "vision" | "clip"): { plan: TapPlan["tail"]; model: OnnxModel } {
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

const EMBEDDINGS = "recoup.embeddings";

/**
 * CLIP normalises and projects the class token only. The same nodes are written once more for all rows, as a matrix [B * L, C], since
 * a Gemm takes no more than two axes. Undefined where the file has no projection.
 */
function withEmbeddings(model: OnnxModel, located: Located): OnnxModel | undefined {
  const { view } = located;
  const { after } = lastLayer(located);
  const output = model.graph.outputs.find(({ name }) => /image_embeds|embeds/.test(name));
  if (output === undefined || after === undefined || !("tensor" in after)) return undefined;
  const cut = singleCuts(view, after.tensor, output.name).find((name) =>
    isOf(view.producer.get(name), "Gather", "Slice"),
  );
  if (cut === undefined) return undefined;
  const start = flatStart(located, cut);
  const nodes = chain(located, start, output.name);
  const prefix = "recoup.embeddings.";
  const rename = (name: string) =>
    name === start ? `${prefix}rows` : nodes.some(({ outputs }) => outputs.includes(name)) ? prefix + name : name;
  const width = widthBefore(located, lastLayer(located));
  if (width === undefined) return undefined;
  const shape = vector(`${prefix}shape`, [-1, width]);
  const one = vector(`${prefix}minus-one`, [-1]);
  const two = vector(`${prefix}two`, [2]);
  const zero = vector(`${prefix}zero`, [0]);
  const make = (opType: string, inputs: string[], outputs: string[], attributes = {}) =>
    makeNode({ opType, name: `${outputs[0]}/${opType}`, inputs, outputs, attributes });
  const added = [
    make("Reshape", [after.tensor, shape.name], [`${prefix}rows`]),
    ...nodes.map((node) => renameTensors(node, rename)),
    make("Shape", [after.tensor], [`${prefix}states-shape`]),
    make("Slice", [`${prefix}states-shape`, zero.name, two.name], [`${prefix}lengths`]),
    make("Concat", [`${prefix}lengths`, one.name], [`${prefix}full-shape`], { axis: 0n }),
    make("Reshape", [prefix + output.name, `${prefix}full-shape`], [EMBEDDINGS]),
  ];
  const type = elementType(view, output.name);
  const { graph } = model;
  return {
    ...model,
    graph: {
      ...graph,
      nodes: [...graph.nodes, ...added],
      initializers: [...graph.initializers, shape, one, two, zero],
      outputs: [...graph.outputs, makeValueInfo(EMBEDDINGS, type, [undefined, undefined, undefined])],
    },
  };
}

/** Over a Squeeze or Reshape that follows the cut at the class token. */
function flatStart({ view }: Located, cut: string): string {
  const takers = view.consumers.get(cut) ?? [];
  return takers.length === 1 && isOf(takers[0], "Squeeze", "Reshape", "Flatten") ? takers[0].outputs[0] : cut;
}

/** The nodes from one tensor to another. */
function chain({ view }: Located, from: string, to: string) {
  const reached = new Set([from]);
  const nodes = view.nodes.filter((node) => {
    const takes = consumed(node).some((name) => reached.has(name));
    if (takes) for (const name of node.outputs) reached.add(name);
    return takes;
  });
  const needed = new Set([to]);
  return nodes
    .reverse()
    .filter((node) => {
      const makes = node.outputs.some((name) => needed.has(name));
      if (makes) for (const name of consumed(node)) needed.add(name);
      return makes;
    })
    .reverse();
}

/** C, from the weights of the normalisation before the layer. */
function widthBefore({ view }: Located, layer: Layer): number | undefined {
  const node = view.producer.get(layer.normed);
  const names = node === undefined ? [] : node.inputs;
  for (const name of names) {
    const dims = view.initializer.get(name)?.dims;
    if (dims?.length === 1) return dims[0];
  }
  return undefined;
}

function vector(name: string, values: readonly number[]): OnnxTensor {
  return makeTensor(name, "int64", [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
}

/** Vectors compared at most: biases and norms of some layers are enough to tell two towers apart. */
const COMPARED = 48;

/**
 * Whether a CLIP file has the tower of a vision encoder: by the bytes of its vectors (biases, norms). "unknown" where the two
 * have different precisions, so that no bytes can be equal.
 *
 * LLaVA-1.6 trains its tower: then CLIP's last layer and projection are only nearly right, and who uses them should say so.
 */
export async function sameTower(vision: OnnxModel, clip: OnnxModel): Promise<"same" | "different" | "unknown"> {
  const own = vectors(vision);
  const theirs = vectors(clip);
  const types = new Set(theirs.map(({ dataType }) => dataType));
  const comparable = own.filter(({ dataType }) => types.has(dataType)).slice(0, COMPARED);
  if (comparable.length === 0) return "unknown";
  const known = new Set(await Promise.all(theirs.map(contentOf)));
  const found = (await Promise.all(comparable.map(contentOf))).filter((content) => known.has(content)).length;
  // Constants that any export has, such as ones and zeros, may be equal in any two towers.
  return found >= 0.75 * comparable.length ? "same" : "different";
}

/** Vectors of floats with at least 16 elements, in the file's order. */
function vectors({ graph }: OnnxModel): OnnxTensor[] {
  return graph.initializers.filter(
    ({ dims, dataType, data }) =>
      dims.length === 1 && dims[0] >= 16 && [1, 10, 16].includes(dataType) && data.kind === "raw",
  );
}

async function contentOf({ data, dims }: OnnxTensor): Promise<string> {
  if (data.kind !== "raw") return "";
  const bytes = await loadPieces([data.piece]);
  return `${dims[0]}:${bytes.join()}`;
}
