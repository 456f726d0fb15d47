/** @file `recoup onnx tap` and `recoup onnx extract`: one model in, one out. */
import { basename, dirname, resolve } from "node:path";
import { assertOutputs, type OpenedModel, openOnnxFile, writeOnnx } from "../../../node.js";
import { embedExternal, extract, type OnnxModel, skeleton, tap } from "../../../onnx/index.js";
import type { CommandIo } from "../../command.js";
import type { Values } from "../../flags.js";
import { printable } from "../../text-table.js";
import { type EDIT_FLAGS, type EXTRACT_FLAGS, modelPaths, refusal, type TAP_FLAGS } from "./flags.js";

interface Made {
  readonly made: OnnxModel;
  /** What was asked for, and the tensor's name in the new model. */
  readonly outputs: Readonly<Record<string, string>>;
}

type EditFlags = Values<typeof EDIT_FLAGS>;

export async function tapFile(
  path: string,
  { signals, layer, ...flags }: Values<typeof TAP_FLAGS>,
  io: CommandIo,
  signal: AbortSignal,
): Promise<void> {
  await edit(path, flags, { io, signal }, (model) => {
    const { model: made, outputs } = tap(model, { ...(signals?.length && { signals }), layer });
    return { made, outputs };
  });
}

export async function extractFile(
  path: string,
  { inputs, outputs, ...flags }: Values<typeof EXTRACT_FLAGS>,
  io: CommandIo,
  signal: AbortSignal,
): Promise<void> {
  await edit(path, flags, { io, signal }, (model) => ({
    made: extract(model, { inputs, outputs }),
    outputs: Object.fromEntries(outputs.map((name) => [name, name])),
  }));
}

/** Reads, changes and writes, and says what the new outputs are called. */
async function edit(
  path: string,
  flags: EditFlags,
  { io, signal }: { io: CommandIo; signal: AbortSignal },
  change: (model: OnnxModel) => Made,
): Promise<void> {
  const { out } = flags;
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
function placed(model: OnnxModel, file: OpenedModel, path: string, flags: EditFlags, io: CommandIo): OnnxModel {
  const { out } = flags;
  const isBeside = resolve(dirname(path)) === resolve(dirname(out));
  if (flags.skeleton) {
    if (isBeside) return skeleton(model, { source: file.source, location: basename(path) });
    throw refusal(`--out in the folder of ${path}, since a skeleton points into it`, out);
  }
  if (isBeside || file.data.size === 0) return model;
  io.note(`copying the external data of ${path} into ${out}, which lies in another folder`);
  return embedExternal(model, file.data);
}

/** Names and what they stand for, in two columns; a name that stands for itself alone. */
function table(outputs: Readonly<Record<string, string>>): string[] {
  const entries = Object.entries(outputs);
  const width = Math.max(...entries.map(([name]) => name.length)) + 2;
  return entries.map(([name, tensor]) => printable(name === tensor ? name : name.padEnd(width) + tensor));
}
