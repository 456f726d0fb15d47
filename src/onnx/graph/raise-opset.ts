/** @file A model in a later version of ONNX's operator set, as joining two files of different exporters needs it. */
import { refusalFor } from "../../core/index.js";
import { OnnxUnsupportedError } from "../proto/errors.js";
import { type AttributeValue, integerVector, makeNode, withOpsets } from "../proto/make.js";
import type { OnnxModel, OnnxNode, OnnxTensor } from "../proto/model.js";
import { type GraphView, label, takenName, viewGraph } from "./graph-view.js";
import { withAdded } from "./with-added.js";

const refusal = refusalFor("raiseOpset", OnnxUnsupportedError);

/** Operators of vision towers whose later versions, up to 23, give the same of the same inputs (onnx/docs/Changelog.md). */
const UNCHANGED = new Set(
  (
    "Abs Add And ArgMax ArgMin Attention Cast Clip Concat Constant ConstantOfShape Conv " +
    "ConvInteger Cos DequantizeLinear Div DynamicQuantizeLinear Equal Erf Exp Expand Flatten Floor Gather " +
    "GatherElements GatherND Gelu Gemm Greater GreaterOrEqual Identity IsInf IsNaN LayerNormalization Less " +
    "LessOrEqual Log MatMul MatMulInteger Max Min Mod Mul Neg NonZero Not Or Pow QuantizeLinear Range Reciprocal " +
    "Relu Reshape Shape Sigmoid Sin Size Slice Softplus Sqrt Sub Tanh Tile TopK Transpose Trilu Where Xor"
  ).split(" "),
);

/** Operators whose axes moved from an attribute to an input, by the version of the move. */
const AXES_MOVED: readonly [version: number, opTypes: readonly string[]][] = [
  [13, ["Squeeze", "Unsqueeze", "ReduceSum"]],
  [18, ["ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL2", "ReduceSumSquare"]],
];

/**
 * The model in version `to` of ai.onnx; the same model if it has that version or a later one.
 *
 * @throws OnnxUnsupportedError for a node whose meaning changed in between in an unsupported way, and for versions below 11.
 */
export function raiseOpset(model: OnnxModel, to: number): OnnxModel {
  const from = model.opsets.get("") ?? 0;
  if (from >= to) return model;
  if (from < 11 || to > 23) throw refusal(`versions from 11 to 23 of ai.onnx`, `${from} to ${to}`);
  const constants = new Map<string, OnnxTensor>();
  const raising: Raising = { view: viewGraph(model.graph), constants };
  const nodes = model.graph.nodes.map((node) => raiseNode(node, from, to, raising));
  const added = { nodes, initializers: constants, outputs: [] };
  const raised = withAdded({ ...model, graph: { ...model.graph, nodes: [] } }, { nodes: [] }, added);
  return withOpsets(raised, new Map([...model.opsets, ["", to]]));
}

/** The graph, and the weights to be added to it. */
interface Raising {
  readonly view: GraphView;
  readonly constants: Map<string, OnnxTensor>;
}

function raiseNode(node: OnnxNode, from: number, to: number, added: Raising): OnnxNode {
  const { opType, domain, attributes } = node;
  if (domain !== "" || UNCHANGED.has(opType)) return node;
  const [moved] = AXES_MOVED.find(([, opTypes]) => opTypes.includes(opType)) ?? [];
  if (moved !== undefined) return from < moved && to >= moved ? withInput(node, "axes", added) : node;
  if (opType === "Softmax" || opType === "LogSoftmax") {
    // Before 13 all axes from `axis` on are one row: the same only for the last axis.
    const axis = attributes.get("axis")?.int;
    if (from >= 13 || axis === -1n) return node;
    throw refusal("Softmax over the last axis, named -1", `${label(node)} over axis ${axis ?? "by default"}`);
  }
  // Inference is unchanged, unless the node makes outputs of training or, before 12, has the ratio as an attribute.
  if (opType === "BatchNormalization" && node.outputs.length === 1) return node;
  if (opType === "Dropout") return attributes.has("ratio") ? remade(node, node.inputs.slice(0, 1), {}, "ratio") : node;
  if (opType === "Split") {
    if (from < 13) {
      if (!attributes.has("split")) throw refusal("Split with its lengths", `${label(node)} without`);
      return withInput(node, "split", added);
    }
    if (node.inputs[1] || to < 18) return node;
    return remade(node, node.inputs.slice(0, 1), { num_outputs: BigInt(node.outputs.length) });
  }
  throw refusal("operators that later versions of ai.onnx leave as they are", label(node));
}

/** The node with an attribute's whole numbers as its next input. */
function withInput(node: OnnxNode, attribute: string, { view, constants }: Raising): OnnxNode {
  const values = node.attributes.get(attribute)?.ints;
  if (values === undefined) return node;
  let name = `${node.outputs[0]}/${attribute}`;
  while (takenName(view, [name]) !== undefined) name += "/raised";
  constants.set(name, integerVector(name, values));
  return remade(node, [...node.inputs, name], {}, attribute);
}

/** The node with other inputs, more attributes, and without one. All attributes of these operators are whole numbers. */
function remade(
  { opType, name, outputs, attributes }: OnnxNode,
  inputs: readonly string[],
  more: Readonly<Record<string, AttributeValue>>,
  without?: string,
): OnnxNode {
  const kept = [...attributes].flatMap(([key, { int, ints }]): [string, AttributeValue][] =>
    key === without ? [] : [[key, int ?? ints ?? 0n]],
  );
  return makeNode({ opType, name, inputs, outputs, attributes: { ...Object.fromEntries(kept), ...more } });
}
