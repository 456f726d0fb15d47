/** @file `recoup onnx inspect`: facts of a model, for people and as JSON. */
import { InvalidInputError } from "../../../core/index.js";
import { fileSource } from "../../../files/index.js";
import {
  type DecoderInspection,
  type Inspection,
  inspectModel,
  type OnnxModel,
  openOnnx,
  type Port,
} from "../../../onnx/index.js";
import { assertExternalData } from "../../../onnx/node/index.js";
import { defineCommand } from "../../command.js";
import { facts } from "../../text-table.js";
import { INSPECT_FLAGS } from "./flags.js";
import { visionConfig } from "./vision-config.js";

/** `recoup onnx inspect`. */
export const inspectAction = defineCommand({
  name: "onnx inspect",
  summary: "show what a model is, which layers of a vision tower it has, and what can be tapped",
  words: ["FILE"],
  flags: INSPECT_FLAGS,
  async run({ flags: { json }, words: [path] }, io) {
    const source = await fileSource(path);
    try {
      const model = await openOnnx(source);
      const inspection = inspectModel(model, (await visionConfig(path)).layers);
      const problem = await externalProblem(model, path);
      if (json) {
        const found = { file: path, bytes: source.size, ...inspection, externalDataProblem: problem };
        io.out(JSON.stringify(found, undefined, 2));
      } else io.out(facts(report(path, source.size, inspection, problem), io.columns));
    } finally {
      await source.close();
    }
  },
});

/** The problem with the files beside the model, if any. It can be inspected without them. */
async function externalProblem(model: OnnxModel, path: string): Promise<string | undefined> {
  try {
    await assertExternalData(model, path);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidInputError) return `expected ${error.expected}, got ${error.got}`;
    throw error;
  }
}

function report(path: string, bytes: number, inspection: Inspection, problem: string | undefined): [string, string][] {
  const { tower } = inspection;
  const weights = Object.entries(inspection.parameters).map(([type, n]) => `${n.toLocaleString("en-US")} ${type}`);
  const linear = inspection.precision === undefined ? [] : [`linear layers in ${inspection.precision}`];
  const rows: [string, string][] = [
    ["file", `${path}, ${(bytes / 2 ** 20).toFixed(1)} MiB`],
    ["made by", `${inspection.producer || "unknown"}, IR ${inspection.irVersion}, ${opsets(inspection)}`],
    ["inputs", inspection.inputs.map(portText).join("; ")],
    ["outputs", inspection.outputs.map(portText).join("; ")],
    ["nodes", nodesText(inspection)],
    ["weights", [weights.join(", ") || "none", ...linear].join("; ")],
  ];
  if (inspection.externalData.length > 0) rows.push(["external data", inspection.externalData.join(", ")]);
  if (problem !== undefined) rows.push(["problem", problem]);
  if (inspection.decoder !== undefined) rows.push(...decoderRows(inspection.decoder));
  else if (tower === undefined) rows.push(["vision tower", `none found: ${inspection.refusal}`]);
  else {
    const { layers, configured, form, heads, width } = tower;
    const facts = [`${layers} layers`, `attention as ${FORM_WORDS[form] ?? form}`];
    if (heads !== undefined) facts.push(`${heads} heads`);
    if (width !== undefined) facts.push(`width ${width}`);
    if (tower.textLayers > 0) facts.push(`beside ${tower.textLayers} layers of a text tower`);
    if (tower.otherAttention > 0) facts.push(`and ${tower.otherAttention} attention that is no layer's`);
    rows.push([`${tower.kind} tower`, facts.join(", ")]);
    if (configured !== undefined && configured !== layers) {
      const pruned =
        configured === layers + 1 ? ": the last layer was pruned; it can be had from the CLIP vision file" : "";
      rows.push(["config.json", `${configured} layers${pruned}`]);
    }
    rows.push(["last layer", tower.last.node]);
    rows.push(["can be tapped", tower.taps.join(", ") || "nothing"]);
    for (const [signal, reason] of Object.entries(tower.refused)) rows.push([`not ${signal}`, reason]);
  }
  return rows;
}

function nodesText({ nodes, innerNodes, functions }: Inspection): string {
  const inner = innerNodes > 0 ? `, and ${innerNodes} in subgraphs and functions` : "";
  return `${nodes}${inner}${functions.length > 0 ? ` (${functions.slice(0, 8).join(", ")})` : ""}`;
}

/** A decoder, and what it can be told. */
function decoderRows({
  layers,
  passedBy,
  places,
  positions,
  takes,
  told,
  refused,
}: DecoderInspection): [string, string][] {
  const forms = Object.entries(layers).map(([form, count]) => `${count} with ${FORM_WORDS[form] ?? form}`);
  const rows: [string, string][] = [["decoder", `layers with keys: ${forms.join(", ") || "not found"}`]];
  if (passedBy.length > 0) rows.push(["without keys", passedBy.join(", ")]);
  const by = places === "tables" ? "places (by the rotation's tables)" : "places (by position_ids)";
  if (takes.length > 0) rows.push(["is told", takes.join(", ")]);
  if (told.length > 0) rows.push(["can be told", told.map((one) => (one === "places" ? by : one)).join(", ")]);
  if (positions !== undefined) rows.push(["places", `0 to ${positions - 1}, by the rotation's tables`]);
  for (const [one, reason] of Object.entries(refused)) rows.push([`not ${one}`, reason]);
  return rows;
}

const FORM_WORDS: Readonly<Record<string, string>> = {
  softmax: "products and softmax",
  packed: "com.microsoft Attention",
  grouped: "com.microsoft GroupQueryAttention",
  "multi-head": "com.microsoft MultiHeadAttention",
  onnx: "ai.onnx Attention",
};

function opsets({ opsets }: Inspection): string {
  return Object.entries(opsets)
    .map(([domain, version]) => `${domain} ${version}`)
    .join(", ");
}

function portText({ name, type = "?", shape }: Port): string {
  return `${name} ${type}${shape === undefined ? "" : ` [${shape.map((length) => length ?? "?").join(", ")}]`}`;
}
