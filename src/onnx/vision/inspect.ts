/** @file Facts of a model, and the signals of its vision tower, as plain data. */
import { type DecoderInspection, inspectDecoder } from "../decoder/tell.js";
import { externalParts } from "../graph/external.js";
import { nodeName, viewGraph } from "../graph/graph-view.js";
import { assertModel } from "../proto/assert-model.js";
import { OnnxUnsupportedError } from "../proto/errors.js";
import type { OnnxModel, ValueInfo } from "../proto/model.js";
import { dataTypeName } from "../proto/schema.js";
import { type Located, lastLayer, locate, towerWidth } from "./locate.js";
import { innerGraphs, type Precision, parametersOf, precisionOf } from "./precision.js";
import { type Tappable, tappable } from "./tap.js";
import type { TowerKind } from "./tower-kind.js";

/** Facts of a model. */
export interface Inspection {
  readonly irVersion: number;
  /** Name of the program that wrote the file. */
  readonly producer: string;
  /** Version by domain; "" is ai.onnx. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Number of nodes in the graph itself. */
  readonly nodes: number;
  /** Number of nodes in subgraphs of its nodes, and in functions. */
  readonly innerNodes: number;
  /** Names of the functions that the file defines. */
  readonly functions: readonly string[];
  /** Number of weights by element type (`float32`, `float16`, `uint8` …): constants, subgraphs and functions count, too. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Precision that most weights of linear layers are kept in; undefined where there are none. */
  readonly precision?: Precision;
  /** Names of files with external data, in order of first use. */
  readonly externalData: readonly string[];
  /** Undefined where no tower is found; then `refusal` says why. */
  readonly tower?: TowerInspection;
  /** A decoder with a cache, and what it can be told; undefined for other models. */
  readonly decoder?: DecoderInspection;
  /** The reason why no tower is found. */
  readonly refusal?: string;
}

/** An input or output of a model. */
export interface Port {
  readonly name: string;
  /** Name of the element type, if declared. */
  readonly type?: string;
  /** Numbers, names of symbols, or undefined for an unknown length. */
  readonly shape?: readonly (number | string | undefined)[];
}

/** Facts of a vision tower, with the signals of its last layer. */
export interface TowerInspection extends Tappable {
  /** What the layers read: images, or ids of tokens alone. */
  readonly kind: TowerKind;
  /** Self-attention layers found. */
  readonly layers: number;
  /** Layers of a text tower beside the vision tower. */
  readonly textLayers: number;
  /** Layers that the model's configuration names, if it was given. One more than found: the last was pruned, as in LLaVA-1.5 files. */
  readonly configured?: number;
  /** `AttentionForm` of the last layer. */
  readonly form: string;
  /** Number of attention heads, if known. */
  readonly heads?: number;
  /** Length of a hidden state, C. */
  readonly width?: number;
  /** Attention that is no layer's, such as SigLIP's pooling head. */
  readonly otherAttention: number;
  /** Names in the last layer: for people, nothing depends on them. */
  readonly last: {
    readonly node: string;
    readonly query?: string;
    readonly key?: string;
    readonly probabilities?: string;
  };
}

/** Inspects a model. @param configuredLayers number of layers by the model's config.json (`vision_config.num_hidden_layers`), if known. */
export function inspectModel(model: OnnxModel, configuredLayers?: number): Inspection {
  assertModel("inspectModel", model);
  const { graph } = model;
  const decoder = inspectDecoder(model);
  const found = decoder === undefined ? locateOrRefusal(model) : "a decoder with a cache";
  const weights = new Set(graph.initializers.map(({ name }) => name));
  return {
    irVersion: model.irVersion,
    producer: model.producer,
    opsets: Object.fromEntries(Array.from(model.opsets, ([domain, version]) => [domain || "ai.onnx", version])),
    // Before IR version 4 every weight is an input, too.
    inputs: graph.inputs.filter(({ name }) => !weights.has(name)).map(port),
    outputs: graph.outputs.map(port),
    nodes: graph.nodes.length,
    innerNodes: innerGraphs(model).reduce((sum, { nodes }) => sum + nodes, 0),
    functions: (model.functions ?? []).map(({ domain, name }) => `${domain}.${name}`),
    parameters: parametersOf(model),
    precision: precisionOf(viewGraph(graph)),
    externalData: [...new Set(externalParts(model).map(({ location }) => location))],
    ...(decoder && { decoder }),
    ...(typeof found === "string" ? { refusal: found } : { tower: inspectTower(found, configuredLayers) }),
  };
}

function port({ name, dataType, shape }: ValueInfo): Port {
  return { name, type: dataType === undefined ? undefined : dataTypeName(dataType), shape };
}

/** The layers, or the reason for refusing the graph. Malformed graphs still throw. */
function locateOrRefusal(model: OnnxModel): Located | string {
  try {
    return locate(model);
  } catch (error) {
    if (error instanceof OnnxUnsupportedError) return error.got ?? error.message;
    throw error;
  }
}

function inspectTower(located: Located, configured: number | undefined): TowerInspection {
  const layer = lastLayer(located);
  const { node, query, key, probabilities, form, heads } = layer.attention;
  return {
    kind: located.kind,
    layers: located.layers.length,
    textLayers: located.textLayers,
    configured,
    form,
    heads,
    width: towerWidth(located),
    otherAttention: located.others.length,
    last: { node: nodeName(node), query, key, probabilities },
    ...tappable(located, layer),
  };
}
