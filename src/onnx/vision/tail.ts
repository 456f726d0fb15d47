/** @file Changes a tower's last layer for use alone: one tensor of states at its start, CLIP's projection of every row at its end. */
import { nodesBetween, singleCuts } from "../graph/extract.js";
import { newDraft } from "../graph/graph-draft.js";
import { elementType } from "../graph/infer.js";
import { withAdded } from "../graph/with-added.js";
import { axes, makeNode, makeValueInfo } from "../proto/make.js";
import { isOf, type OnnxModel, type OnnxNode } from "../proto/model.js";
import { renameNode } from "../proto/write-model.js";
import { normBehind, vectorLength } from "./layer.js";
import type { LayerInGraph } from "./signals.js";

/**
 * The model with the last layer's first norm as a node of its own. ONNX Runtime's SkipLayerNormalization gives the residual sum and
 * its normalized form together. So nothing between the two could be an input of a part. The sum stays there, and a
 * LayerNormalization reads it. Models without that node come back unchanged.
 */
export function openSkipNorm(model: OnnxModel, { view, layer }: Omit<LayerInGraph, "opset">): OnnxModel {
  const { normed, before } = layer;
  const node = normBehind(view, normed);
  if (!isOf(node, "SkipLayerNormalization") || !("tensor" in before)) return model;
  const [output] = node.outputs;
  // Post-norm: the layer begins with the normalized form itself.
  if (before.tensor === output) return model;
  const rename = (name: string) => (name === output ? `${output}/unused` : name);
  const apart = [renameNode(node, rename, ""), layerNormalization(node, before.tensor, output)];
  const nodes = model.graph.nodes.flatMap((other) => (other === node ? apart : [other]));
  return { ...model, graph: { ...model.graph, nodes } };
}

/** The same norm of a tensor alone. ONNX Runtime knows the operator in every operator set. */
function layerNormalization({ inputs, attributes, name }: OnnxNode, input: string, output: string): OnnxNode {
  const [, , weight, bias] = inputs;
  // 1e-12 is SkipLayerNormalization's own default, which differs from LayerNormalization's.
  const epsilon = attributes.get("epsilon")?.float ?? 1e-12;
  return makeNode({
    opType: "LayerNormalization",
    name: `${name || output}/apart`,
    inputs: [input, weight, ...(bias ? [bias] : [])],
    outputs: [output],
    attributes: { axis: -1n, epsilon },
  });
}

/** Name of the new output, [B, L, D]. */
export const EMBEDDINGS = "recoup.embeddings";
const PREFIX = `${EMBEDDINGS}.`;

/**
 * The model with one output more, each row in the text's space. CLIP normalizes and projects the class token only, so the same
 * nodes are added once more for all rows, a matrix [B * L, C], as a Gemm takes two axes. Undefined where the file has no projection.
 */
export function withEmbeddings(model: OnnxModel, last: LayerInGraph): OnnxModel | undefined {
  const projection = findProjection(model, last);
  if (projection === undefined) return undefined;
  const { states, start, nodes, output, width } = projection;
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const op = newDraft(PREFIX, last.opset);
  const rows = op.reshape(states, [-1, width]);
  const [shape] = op.node("Shape", [states]);
  const lengths = op.concat([op.slice(shape, 0, 0, 2), op.integers([-1])], 0);
  const [embeddings] = op.node("Reshape", [PREFIX + output, lengths]);
  op.output(embeddings, makeValueInfo(EMBEDDINGS, elementType(last.view, output), axes(3)));
  const rename = (name: string) => (name === start ? rows : made.has(name) ? PREFIX + name : name);
  const copies = nodes.map((node) => renameNode(node, rename, PREFIX));
  // Behind the node that makes their rows.
  return withAdded(model, model.graph, { ...op, nodes: op.nodes.toSpliced(1, 0, ...copies) });
}

/**
 * The projection in the file: from the last layer's states over the class token's row to the image's embedding. `start` is that row,
 * the input of the first of `nodes`; `width` is C.
 */
function findProjection({ graph }: OnnxModel, { view, layer }: LayerInGraph) {
  const output = graph.outputs.find(({ name }) => name.includes("embeds"))?.name;
  if (output === undefined || layer.after === undefined || !("tensor" in layer.after)) return undefined;
  const states = layer.after.tensor;
  const cut = singleCuts(view, states, output).find((name) => isOf(view.producer.get(name), "Gather", "Slice"));
  const width = vectorLength(view, layer.normed);
  if (cut === undefined || width === undefined) return undefined;
  // Over a Squeeze or Reshape that follows the cut at the class token.
  const [taker, ...more] = view.consumers.get(cut) ?? [];
  const start = more.length === 0 && isOf(taker, "Squeeze", "Reshape", "Flatten") ? taker.outputs[0] : cut;
  return { states, start, nodes: nodesBetween(view, start, output), output, width };
}
