/** @file What a model is and what can be had from it, as plain data. */
import { OnnxUnsupportedError } from "../proto/errors.js";
import { externalParts } from "../proto/external.js";
import type { OnnxModel, ValueInfo } from "../proto/model.js";
import { dataTypeName } from "../proto/schema.js";
import { type Located, lastLayer, locate } from "./locate.js";
import { tappable } from "./tap.js";
import type { TapSignal } from "./tap-signals.js";
import { towerWidth } from "./tower-width.js";

export interface Inspection {
  readonly irVersion: number;
  readonly producer: string;
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly nodes: number;
  /** Number of weights, by element type: `float32`, `float16`, `uint8` … */
  readonly parameters: Readonly<Record<string, number>>;
  /** How linear layers hold their weights. */
  readonly precision: "float32" | "float16" | "8 bits" | "4 bits" | "other";
  /** Names of files with external data, in order of first use. */
  readonly externalData: readonly string[];
  /** Undefined where no vision tower is found; then `refusal` says why. */
  readonly tower?: TowerInspection;
  readonly refusal?: string;
}

export interface Port {
  readonly name: string;
  readonly type?: string;
  readonly shape?: readonly (number | string | undefined)[];
}

export interface TowerInspection {
  /** Self-attention layers found. */
  readonly layers: number;
  /** Layers that the model's configuration names, if it was given. One more than found: the last was pruned, as in LLaVA-1.5 files. */
  readonly configured?: number;
  readonly form: string;
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
  readonly taps: readonly TapSignal[];
  /** Why the other signals cannot be tapped. */
  readonly refused: Readonly<Partial<Record<TapSignal, string>>>;
}

/** @param configuredLayers number of layers by the model's config.json (`vision_config.num_hidden_layers`), if known. */
export function inspectModel(model: OnnxModel, configuredLayers?: number): Inspection {
  const { graph } = model;
  const parameters: Record<string, number> = {};
  for (const { dims, dataType } of graph.initializers) {
    const type = dataTypeName(dataType) ?? `type ${dataType}`;
    parameters[type] = (parameters[type] ?? 0) + dims.reduce((product, length) => product * length, 1);
  }
  const found = locateOrRefusal(model);
  return {
    irVersion: model.irVersion,
    producer: model.producer,
    opsets: Object.fromEntries(Array.from(model.opsets, ([domain, version]) => [domain || "ai.onnx", version])),
    inputs: graph.inputs.map(port),
    outputs: graph.outputs.map(port),
    nodes: graph.nodes.length,
    parameters,
    precision: precisionOf(model, parameters),
    externalData: [...new Set(externalParts(model).map(({ location }) => location))],
    ...(typeof found === "string" ? { refusal: found } : { tower: inspectTower(found, configuredLayers) }),
  };
}

function port({ name, dataType, shape }: ValueInfo): Port {
  return { name, type: dataType === undefined ? undefined : dataTypeName(dataType), shape };
}

function precisionOf({ graph }: OnnxModel, parameters: Readonly<Record<string, number>>): Inspection["precision"] {
  const has = (...names: string[]) => graph.nodes.some(({ opType }) => names.includes(opType));
  if (has("MatMulNBits")) return "4 bits";
  if (has("MatMulInteger", "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "QLinearMatMul")) return "8 bits";
  const { float16 = 0, float32 = 0, int8 = 0, uint8 = 0 } = parameters;
  if (has("DequantizeLinear") && int8 + uint8 > float32 + float16) return "8 bits";
  if (float16 > float32) return "float16";
  return float32 > 0 ? "float32" : "other";
}

/** What was found, or the words with which the graph was refused. Malformed graphs still throw. */
function locateOrRefusal(model: OnnxModel): Located | string {
  try {
    return locate(model);
  } catch (error) {
    if (error instanceof OnnxUnsupportedError) return error.got;
    throw error;
  }
}

function inspectTower(located: Located, configured: number | undefined): TowerInspection {
  const layer = lastLayer(located);
  const { attention } = layer;
  const { taps, refused } = tappable(located, layer);
  return {
    layers: located.layers.length,
    configured,
    form: attention.form,
    heads: attention.heads,
    width: towerWidth(located),
    otherAttention: located.others.length,
    last: {
      node: attention.node.name || attention.node.outputs[0],
      query: attention.query,
      key: attention.key,
      probabilities: attention.probabilities,
    },
    taps,
    refused,
  };
}
