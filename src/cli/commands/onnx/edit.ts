/** @file `recoup onnx tap` and `recoup onnx extract`: one model in, one out. */
import { basename, dirname, resolve } from "node:path";
import { assertOutputs, type OpenedModel, openOnnxFile, writeOnnx } from "../../../node.js";
import {
  embedExternal,
  extract,
  type OnnxModel,
  skeleton,
  TAP_SIGNALS,
  type TapSignal,
  tap,
} from "../../../onnx/index.js";
import type { CommandIo } from "../../command.js";
import { printable } from "../../text-table.js";
import { modelPaths, type OnnxFlags, outFile, refusal, TAP_LIST } from "./flags.js";

/** A changed model. */
interface Made {
  readonly made: OnnxModel;
  /** Requested signals or tensors, and their names in the new model. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** Adds outputs to a model. */
export async function tapFile(path: string, flags: OnnxFlags, io: CommandIo, signal: AbortSignal): Promise<void> {
  await edit(path, flags, { io, signal }, (model) => {
    const { signals, layer = "-1" } = flags;
    const number = layer.trim() === "" ? Number.NaN : Number(layer);
    if (!Number.isInteger(number)) throw refusal("--layer to be a whole number", layer);
    const asked = list(signals);
    const unknown = asked.find((name) => !TAP_SIGNALS.includes(name as TapSignal));
    if (unknown !== undefined) throw refusal(`signals of ${TAP_LIST}`, unknown);
    const wanted = asked.length > 0 ? { signals: asked as TapSignal[] } : {};
    const { model: made, outputs } = tap(model, { ...wanted, layer: number });
    return { made, outputs };
  });
}

/** Cuts a part out of a model. */
export async function extractFile(path: string, flags: OnnxFlags, io: CommandIo, signal: AbortSignal): Promise<void> {
  await edit(path, flags, { io, signal }, (model) => {
    const [inputs, outputs] = [list(flags.inputs), list(flags.outputs)];
    return {
      made: extract(model, { inputs, outputs }),
      outputs: Object.fromEntries(outputs.map((name) => [name, name])),
    };
  });
}

/** Reads, changes and writes a model, and prints the names of the new outputs. */
async function edit(
  path: string,
  flags: OnnxFlags,
  { io, signal }: { io: CommandIo; signal: AbortSignal },
  change: (model: OnnxModel) => Made,
): Promise<void> {
  const out = outFile(flags);
  await assertOutputs([out], { inputs: [path] });
  const file = await openOnnxFile(path);
  try {
    const { made, outputs } = change(file.model);
    await writeOnnx(out, placed(made, file, path, flags, io), { inputs: modelPaths(path, file), signal });
    io.note(`wrote ${out}`);
    if (flags.json) io.out(JSON.stringify({ out, outputs }, undefined, 2));
    else for (const line of table(outputs)) io.out(line);
  } finally {
    await file.close();
  }
}

/** The model as it can lie where it is written: external data is found beside a model only. */
function placed(model: OnnxModel, file: OpenedModel, path: string, flags: OnnxFlags, io: CommandIo): OnnxModel {
  const out = outFile(flags);
  const isBeside = resolve(dirname(path)) === resolve(dirname(out));
  if (flags.skeleton) {
    if (isBeside) return skeleton(model, { source: file.source, location: basename(path) });
    throw refusal(`--out in the folder of ${path}, since a skeleton points into it`, out);
  }
  if (isBeside || file.data.size === 0) return model;
  io.note(`copying the external data of ${path} into ${out}, which lies in another folder`);
  return embedExternal(model, file.data);
}

/** Names and their tensors in two columns; one column where both are equal. */
function table(outputs: Readonly<Record<string, string>>): string[] {
  const entries = Object.entries(outputs);
  const width = Math.max(...entries.map(([name]) => name.length)) + 2;
  return entries.map(([name, tensor]) => printable(name === tensor ? name : name.padEnd(width) + tensor));
}

function list(value: string | undefined): string[] {
  return (value ?? "").split(",").filter((name) => name !== "");
}
