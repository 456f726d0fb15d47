/** @file `recoup onnx tap`, `tell` and `extract`: one model in, one out. */
import { basename, dirname, resolve } from "node:path";
import { assertOutputs } from "../../../files/index.js";
import {
  embedExternal,
  extract,
  inspectDecoder,
  type OnnxModel,
  skeleton,
  TAP_SIGNALS,
  TOLD_INPUTS,
  type ToldInput,
  tap,
  tell,
} from "../../../onnx/index.js";
import { type OpenedModel, openOnnxFile, writeOnnx } from "../../../onnx/node/index.js";
import { type CommandIo, defineCommand } from "../../command.js";
import type { Flags, Values } from "../../flags.js";
import { facts } from "../../text-table.js";
import { MAKE_FLAGS, modelPaths, refusal, WRITES, writing } from "./flags.js";

const EDIT_FLAGS = {
  skeleton: {
    type: "flag",
    help: "writes some kilobytes that point into FILE, which must lie in the same folder as --out",
  },
  ...MAKE_FLAGS,
} as const satisfies Flags;

/** `recoup onnx tap`. */
export const tapAction = defineCommand({
  name: "onnx tap",
  summary: "add outputs: hidden states, queries, keys, attention; everything else stays as it is",
  words: ["FILE"],
  about: [WRITES],
  flags: {
    signals: {
      type: "list",
      choices: TAP_SIGNALS,
      help: `of ${TAP_SIGNALS.join(", ")} (default: all that the model has)`,
    },
    layer: { type: "integer", default: -1, help: "position of the layer, from the end if negative" },
    ...EDIT_FLAGS,
  },
  async run({ flags, words: [path] }, io) {
    const { signals, layer } = flags;
    await edit(path, flags, io, (model) => tap(model, { ...(signals?.length && { signals }), layer }));
  },
});

const TOLD = Object.keys(TOLD_INPUTS) as ToldInput[];

/** `recoup onnx tell`. */
export const tellAction = defineCommand({
  name: "onnx tell",
  summary: "add inputs to a decoder: the place of each token, and a bias on its attention",
  words: ["FILE"],
  about: [
    "The new inputs are places, int64 [past + new], and key_bias, float32 [past + new]. With places 0, 1, 2 … and biases of 0 the decoder " +
      "says what it says today.",
    WRITES,
  ],
  flags: { what: { type: "list", choices: TOLD, help: `of ${TOLD.join(", ")} (default: both)` }, ...EDIT_FLAGS },
  async run({ flags, words: [path] }, io) {
    const what = flags.what?.length ? (flags.what as ToldInput[]) : TOLD;
    await edit(path, flags, io, (model) => {
      const told = tell(model, { what });
      const { passedBy = [] } = inspectDecoder(model) ?? {};
      if (passedBy.length > 0) io.note(`passed by, since they hold no keys: ${passedBy.join(", ")}`);
      return { model: told, outputs: Object.fromEntries(what.map((one) => [one, TOLD_INPUTS[one]])) };
    });
  },
});

/** `recoup onnx extract`. */
export const extractAction = defineCommand({
  name: "onnx extract",
  summary: "cut out the part between some tensors, as a model of its own",
  words: ["FILE"],
  about: [WRITES],
  flags: {
    inputs: { type: "list", required: true, help: "names of tensors, separated by commas" },
    outputs: { type: "list", required: true, help: "names of tensors, separated by commas" },
    ...EDIT_FLAGS,
  },
  async run({ flags, words: [path] }, io) {
    const { inputs, outputs } = flags;
    await edit(path, flags, io, (model) => ({
      model: extract(model, { inputs, outputs }),
      outputs: Object.fromEntries(outputs.map((name) => [name, name])),
    }));
  },
});

type EditFlags = Values<typeof EDIT_FLAGS>;

/**
 * Reads, changes and writes, and says what the new outputs or inputs are called.
 *
 * @param change the new model, and the names that were asked for with the tensors they are in it.
 */
async function edit(
  path: string,
  flags: EditFlags,
  io: CommandIo,
  change: (model: OnnxModel) => { model: OnnxModel; outputs: Readonly<Record<string, string>> },
): Promise<void> {
  await writing(io, async ({ signal }) => {
    const { out } = flags;
    await assertOutputs([out], { inputs: [path] });
    const file = await openOnnxFile(path);
    try {
      const { model, outputs } = change(file.model);
      await writeOnnx(out, placed(model, file, path, flags, io), { inputs: modelPaths(path, file), signal });
      io.note(`wrote ${out}`);
      if (flags.json) io.out(JSON.stringify({ out, outputs }, undefined, 2));
      else
        io.out(
          facts(
            Object.entries(outputs).map(([name, tensor]) => [name, tensor === name ? "" : tensor]),
            io.columns,
          ),
        );
    } finally {
      await file.close();
    }
  });
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
