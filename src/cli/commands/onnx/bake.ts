/** @file `recoup onnx bake`: two published files and the compression as one model. */
import { parseBudget } from "../../../core/index.js";
import { assertOutputs } from "../../../files/index.js";
import { openOnnxFile, writeOnnx } from "../../../node.js";
import { type BakeOptions, bake, embedExternal, sameTower } from "../../../onnx/index.js";
import { defineCommand } from "../../command.js";
import type { Flags, Values } from "../../flags.js";
import { BUDGET_FLAG } from "../../method-flags.js";
import type { WorkIo } from "../../progress.js";
import { facts } from "../../text-table.js";
import { MAKE_FLAGS, modelPaths, refusal, WRITES, writing } from "./flags.js";
import { manifestPolarity, visionConfig } from "./vision-config.js";

const FLAGS = {
  clip: {
    type: "text",
    required: true,
    placeholder: "FILE",
    help: "the CLIP vision model (vision_model.onnx) whose tower the encoder has",
  },
  ...BUDGET_FLAG,
  static: {
    type: "flag",
    help: 'always as many rows as the budget allows, of which the first "count" are made: no shape depends on the image',
  },
  polarity: {
    type: "choice",
    choices: [1, -1],
    help: "1 if tokens that show what the text names have high similarity, -1 if low (default: as manifest.json beside the model says)",
  },
  merge: { type: "choice", choices: ["sum", "mean"], help: "how a merged row is formed" },
  tokens: { type: "integer", help: "patches of an image (default: as config.json says)" },
  weights: { type: "flag", help: "one output more: the shares of source tokens in each row" },
  ...MAKE_FLAGS,
} as const satisfies Flags;

/** `recoup onnx bake`. */
export const bakeAction = defineCommand({
  name: "onnx bake",
  summary: "join a vision encoder, its CLIP file and the compression into one model",
  words: ["FILE"],
  about: [
    "The model takes pixel values and a question's CLIP vector, and gives compressed rows and their count. The encoder is a LLaVA's, the CLIP file that of its tower.",
    WRITES,
  ],
  flags: FLAGS,
  async run({ flags, words: [path] }, io) {
    await writing(io, (io) => bakeFile(path, flags, io));
  },
});

type BakeFlags = Values<typeof FLAGS>;

async function bakeFile(path: string, flags: BakeFlags, io: WorkIo): Promise<void> {
  const { out } = flags;
  await assertOutputs([out], { inputs: [path, flags.clip] });
  const options = await bakeOptions(path, flags);
  const file = await openOnnxFile(path);
  const clipFile = await openOnnxFile(flags.clip).catch(async (error) => {
    await file.close();
    throw error;
  });
  try {
    // One file of two: external data of either has to be in it.
    const vision = embedExternal(file.model, file.data);
    const clip = embedExternal(clipFile.model, clipFile.data);
    const tower = await sameTower(vision, clip);
    if (tower !== "same") io.note(`warning: ${WARNINGS[tower]}`);
    const model = bake(vision, { ...options, clip });
    const inputs = [...modelPaths(path, file), ...modelPaths(flags.clip, clipFile)];
    await writeOnnx(out, model, { inputs, signal: io.signal });
    io.note(`wrote ${out}`);
    const names = (values: readonly { readonly name: string }[]) => values.map(({ name }) => name);
    const ports = { inputs: names(model.graph.inputs), outputs: names(model.graph.outputs) };
    const { tokens, textPolarity } = options;
    if (flags.json) io.out(JSON.stringify({ out, ...ports, tokens, textPolarity, tower }, undefined, 2));
    else io.out(facts(Object.entries(ports).map(([title, list]) => [title, list.join(", ")])));
  } finally {
    await Promise.all([file.close(), clipFile.close()]);
  }
}

const WARNINGS = {
  different: "the CLIP file has another tower than the encoder, so attention and similarity are only nearly right",
  unknown: "the two files have different precisions, so whether they have the same tower was not checked",
} as const;

async function bakeOptions(path: string, flags: BakeFlags): Promise<BakeOptions> {
  const budget = flags.budget === undefined ? undefined : parseBudget("onnx bake", flags.budget);
  const { layers, tokens: configured } = await visionConfig(path);
  const tokens = flags.tokens ?? configured;
  if (tokens === undefined) throw refusal("--tokens N, as no config.json beside the model says it", "none");
  const textPolarity = flags.polarity ?? (await manifestPolarity(path));
  if (textPolarity === undefined) {
    throw refusal("--polarity 1 or -1, a property of the tower that no manifest.json beside the model says", "none");
  }
  const { merge, weights } = flags;
  const form = flags.static ? "static" : "dynamic";
  return { tokens, configuredLayers: layers, textPolarity, merge, form, budget, weights };
}
