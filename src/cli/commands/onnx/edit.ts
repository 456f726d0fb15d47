/** @file `recoup onnx tap` and `recoup onnx extract`: one model in, one out. */
import { basename, dirname, resolve } from "node:path";
import { assertOutputs, fileSource, writeOnnx } from "../../../node/index.js";
import { extract, type OnnxModel, openOnnx, skeleton, TAP_SIGNALS, type TapSignal, tap } from "../../../onnx/index.js";
import type { CommandIo } from "../../command.js";
import { type OnnxFlags, outFile, refusal, TAP_LIST } from "./flags.js";

interface Made {
  readonly made: OnnxModel;
  /** What was asked for, and the tensor's name in the new model. */
  readonly outputs: Readonly<Record<string, string>>;
}

export async function tapFile(path: string, flags: OnnxFlags, io: CommandIo): Promise<void> {
  await edit(path, flags, io, (model) => {
    const { signals, layer = "-1" } = flags;
    const number = Number(layer);
    if (!Number.isInteger(number)) throw refusal("--layer to be a whole number", layer);
    const asked = list(signals);
    const unknown = asked.find((name) => !TAP_SIGNALS.includes(name as TapSignal));
    if (unknown !== undefined) throw refusal(`signals of ${TAP_LIST}`, unknown);
    const wanted = asked.length > 0 ? { signals: asked as TapSignal[] } : {};
    const { model: made, outputs } = tap(model, { ...wanted, layer: number });
    return { made, outputs };
  });
}

export async function extractFile(path: string, flags: OnnxFlags, io: CommandIo): Promise<void> {
  await edit(path, flags, io, (model) => {
    const [inputs, outputs] = [list(flags.inputs), list(flags.outputs)];
    return {
      made: extract(model, { inputs, outputs }),
      outputs: Object.fromEntries(outputs.map((name) => [name, name])),
    };
  });
}

/** Reads, changes and writes, and says what the new outputs are called. */
async function edit(path: string, flags: OnnxFlags, io: CommandIo, change: (model: OnnxModel) => Made): Promise<void> {
  const out = outFile(flags);
  await assertOutputs([out], { inputs: [path] });
  const source = await fileSource(path);
  try {
    const { made, outputs } = change(await openOnnx(source));
    const written = flags.skeleton ? skeleton(made, { source, location: besideOf(path, out) }) : made;
    await writeOnnx(out, written, { inputs: [path] });
    io.note(`wrote ${out}`);
    if (flags.json) io.out(JSON.stringify({ out, outputs }, undefined, 2));
    else for (const [name, tensor] of Object.entries(outputs)) io.out(`${name.padEnd(18)}${tensor}`);
  } finally {
    await source.close();
  }
}

function list(value: string | undefined): string[] {
  return (value ?? "").split(",").filter((name) => name !== "");
}

/** The original's name as the skeleton's external data has it: relative to the skeleton's folder. */
function besideOf(path: string, out: string): string {
  if (resolve(dirname(path)) !== resolve(dirname(out))) {
    throw refusal(`--out in the folder of ${path}, since a skeleton points into it`, out);
  }
  return basename(path);
}
