/** @file Makes the states that a fused normalisation adds up inside a tensor at which the graph can be cut. */

import { isOf } from "../graph/walk.js";
import type { OnnxModel, OnnxNode } from "../proto/model.js";
import { makeNode, renameNode } from "../proto/write-model.js";
import { type Layer, lastLayer, locate } from "./locate.js";
import { normBehind } from "./locate-norm.js";

/**
 * The model with the last layer's first normalisation as a node of its own. ONNX Runtime's SkipLayerNormalization gives the residual
 * sum and its normalised form together, so nothing between the two could be an input of a part: the sum stays where it is, and a
 * LayerNormalization reads it. Models without that node come back as they are.
 */
export function openSkipNorm(model: OnnxModel): OnnxModel {
  const located = locate(model);
  const layer: Layer = lastLayer(located);
  const node = normBehind(located.view, layer.normed);
  if (!isOf(node, "SkipLayerNormalization") || !("tensor" in layer.before)) return model;
  const { before } = layer;
  const [normed] = node.outputs;
  const rename = (name: string) => (name === normed ? `${normed}/unused` : name);
  const apart: OnnxNode[] = [renameNode(node, rename, ""), layerNormalization(node, before.tensor, normed)];
  const nodes = model.graph.nodes.flatMap((other) => (other === node ? apart : [other]));
  return { ...model, graph: { ...model.graph, nodes } };
}

/** The same normalisation of a tensor alone. ONNX Runtime knows the operator in every operator set. */
function layerNormalization({ inputs, attributes, name }: OnnxNode, input: string, output: string): OnnxNode {
  const [, , weight, bias] = inputs;
  // 1e-12 is SkipLayerNormalization's own default, which differs from LayerNormalization's.
  const epsilon = attributes.get("epsilon")?.float ?? 1e-12;
  return makeNode({
    opType: "LayerNormalization",
    name: `${name || output}/apart`,
    inputs: [input, weight, ...(bias === undefined || bias === "" ? [] : [bias])],
    outputs: [output],
    attributes: { axis: -1n, epsilon },
  });
}
