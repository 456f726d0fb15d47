import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { InvalidInputError } from "../../core/index.js";
import { assertOutputs, fileSource, writeOnnx } from "../../node/index.js";
import {
  extract,
  type Inspection,
  inspectModel,
  type OnnxModel,
  openOnnx,
  type Port,
  skeleton,
  TAP_SIGNALS,
  type TapSignal,
  tap,
} from "../../onnx/index.js";
import type { Command, CommandIo } from "../command.js";
import { wrapWords } from "../text-table.js";

const USAGE = `usage: recoup onnx inspect FILE [--json]
       recoup onnx tap FILE --out FILE [--signals LIST] [--layer N] [--skeleton] [--json]
       recoup onnx extract FILE --inputs LIST --outputs LIST --out FILE [--skeleton] [--json]

inspect   says what a model is, which layers of a vision tower it has, and what can be tapped
tap       adds outputs: hidden states, queries, keys, attention; everything else stays as it is
extract   cuts out the part between some tensors, as a model of its own

  --signals LIST   of ${TAP_SIGNALS.join(", ")}
                   (default: all that the model has)
  --layer N        position of the layer, from the end if negative (default: -1, the last)
  --inputs LIST    names of tensors, separated by commas; likewise --outputs
  --skeleton       writes some kilobytes that point into FILE, which must lie in the same folder as --out
  --json           one JSON object on stdout

An input is never overwritten; an output appears whole or not at all.`;

/** `recoup onnx`: the graph tools on files. */
export const onnxCommand: Command = {
  name: "onnx",
  summary: "look into model files, add outputs, cut parts out",
  usage: USAGE,
  async run(args, io) {
    const { values, positionals } = parseArgs({ args: [...args], options: FLAGS, allowPositionals: true });
    const [action, path, ...more] = positionals;
    const known = action === "inspect" || action === "tap" || action === "extract";
    if (!known) throw refusal("inspect, tap or extract", action ?? "nothing");
    if (path === undefined || more.length > 0) throw refusal("one FILE", `${positionals.length - 1}`);
    if (action === "inspect") return inspectFile(path, values.json === true, io);
    if (values.out === undefined) throw refusal("--out FILE", "none");
    await assertOutputs([values.out], { inputs: [path] });
    const source = await fileSource(path);
    try {
      const model = await openOnnx(source);
      const { made, outputs } = action === "tap" ? tapped(model, values) : cut(model, values);
      const written = values.skeleton ? skeleton(made, { source, location: besideOf(path, values.out) }) : made;
      await writeOnnx(values.out, written, { inputs: [path] });
      io.note(`wrote ${values.out}`);
      if (values.json) io.out(JSON.stringify({ out: values.out, outputs }, undefined, 2));
      else for (const [name, tensor] of Object.entries(outputs)) io.out(`${name.padEnd(18)}${tensor}`);
    } finally {
      await source.close();
    }
  },
};

const FLAGS = {
  out: { type: "string" },
  signals: { type: "string" },
  layer: { type: "string" },
  inputs: { type: "string" },
  outputs: { type: "string" },
  skeleton: { type: "boolean" },
  json: { type: "boolean" },
} as const;

type Values = { [K in keyof typeof FLAGS]?: string | boolean };

function refusal(expected: string, got: string): InvalidInputError {
  return new InvalidInputError({ operation: "onnx", expected, got });
}

function list(value: string | boolean | undefined): string[] {
  return typeof value === "string" ? value.split(",").filter((name) => name !== "") : [];
}

interface Made {
  readonly made: OnnxModel;
  /** What was asked for, and the tensor's name in the new model. */
  readonly outputs: Readonly<Record<string, string>>;
}

function tapped(model: OnnxModel, { signals, layer = "-1" }: Values): Made {
  const number = Number(layer);
  if (!Number.isInteger(number)) throw refusal("--layer to be a whole number", String(layer));
  const asked = list(signals);
  const unknown = asked.find((name) => !TAP_SIGNALS.includes(name as TapSignal));
  if (unknown !== undefined) throw refusal(`signals of ${TAP_SIGNALS.join(", ")}`, unknown);
  const wanted = asked.length > 0 ? (asked as TapSignal[]) : (inspectModel(model).tower?.taps ?? TAP_SIGNALS);
  const { model: made, outputs } = tap(model, { signals: wanted, layer: number });
  return { made, outputs };
}

function cut(model: OnnxModel, values: Values): Made {
  const [inputs, outputs] = [list(values.inputs), list(values.outputs)];
  return {
    made: extract(model, { inputs, outputs }),
    outputs: Object.fromEntries(outputs.map((name) => [name, name])),
  };
}

/** The original's name as the skeleton's external data has it: relative to the skeleton's folder. */
function besideOf(path: string, out: string | boolean): string {
  if (resolve(dirname(path)) !== resolve(dirname(String(out)))) {
    throw refusal(`--out in the folder of ${path}, since a skeleton points into it`, String(out));
  }
  return basename(path);
}

async function inspectFile(path: string, json: boolean, io: CommandIo): Promise<void> {
  const source = await fileSource(path);
  try {
    const inspection = inspectModel(await openOnnx(source), await configuredLayers(path));
    if (json) io.out(JSON.stringify({ file: path, bytes: source.size, ...inspection }, undefined, 2));
    else io.out(report(path, source.size, inspection, io.columns));
  } finally {
    await source.close();
  }
}

/** `vision_config.num_hidden_layers` of a config.json beside the file or one folder up, as published models have it. */
async function configuredLayers(path: string): Promise<number | undefined> {
  for (const folder of [dirname(path), dirname(dirname(resolve(path)))]) {
    const text = await readFile(join(folder, "config.json"), "utf8").catch(() => undefined);
    if (text === undefined) continue;
    try {
      const config = JSON.parse(text);
      const layers = config.vision_config?.num_hidden_layers;
      if (Number.isInteger(layers)) return layers;
    } catch {
      // Some other config.json: then the number of layers is not known.
    }
  }
  return undefined;
}

function report(path: string, bytes: number, inspection: Inspection, columns: number): string {
  const { tower } = inspection;
  const weights = Object.entries(inspection.parameters).map(
    ([type, count]) => `${count.toLocaleString("en-US")} ${type}`,
  );
  const rows: [string, string][] = [
    ["file", `${path}, ${(bytes / 2 ** 20).toFixed(1)} MiB`],
    ["made by", `${inspection.producer || "unknown"}, IR ${inspection.irVersion}, ${opsets(inspection)}`],
    ["inputs", inspection.inputs.map(portText).join("; ")],
    ["outputs", inspection.outputs.map(portText).join("; ")],
    ["nodes", String(inspection.nodes)],
    ["weights", `${weights.join(", ")}; linear layers in ${inspection.precision}`],
  ];
  if (inspection.externalData.length > 0) rows.push(["external data", inspection.externalData.join(", ")]);
  if (tower === undefined) rows.push(["vision tower", `none found: ${inspection.refusal}`]);
  else {
    const { layers, configured, form, heads, width } = tower;
    const facts = [`${layers} layers`, `attention as ${FORM_WORDS[form] ?? form}`];
    if (heads !== undefined) facts.push(`${heads} heads`);
    if (width !== undefined) facts.push(`width ${width}`);
    if (tower.otherAttention > 0) facts.push(`and ${tower.otherAttention} attention that is no layer's`);
    rows.push(["vision tower", facts.join(", ")]);
    if (configured !== undefined && configured !== layers) {
      const pruned =
        configured === layers + 1 ? ": the last layer was pruned; it can be had from the CLIP vision file" : "";
      rows.push(["config.json", `${configured} layers${pruned}`]);
    }
    rows.push(["last layer", tower.last.node]);
    rows.push(["can be tapped", tower.taps.join(", ")]);
    for (const [signal, reason] of Object.entries(tower.refused)) rows.push([`not ${signal}`, reason]);
  }
  const indent = Math.max(...rows.map(([title]) => title.length)) + 2;
  return rows
    .map(([title, text]) => {
      const lines = wrapWords(text, Math.max(columns - indent, 20));
      return title.padEnd(indent) + lines.join(`\n${" ".repeat(indent)}`);
    })
    .join("\n");
}

const FORM_WORDS: Readonly<Record<string, string>> = {
  softmax: "products and softmax",
  packed: "com.microsoft Attention",
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
