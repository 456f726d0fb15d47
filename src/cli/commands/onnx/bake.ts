/** @file `recoup onnx bake`: two published files and the compression as one model. */
import { parseBudget, type TokenGrid } from "../../../core/index.js";
import { assertOutputs } from "../../../files/index.js";
import { type BakeOptions, bake, embedExternal, sameTower } from "../../../onnx/index.js";
import { openOnnxFile, writeOnnx } from "../../../onnx/node/index.js";
import { defineCommand } from "../../command.js";
import type { Flags, Values } from "../../flags.js";
import { BUDGET_FLAG } from "../../method-flags.js";
import type { WorkIo } from "../../progress.js";
import { styled } from "../../style.js";
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
  method: { type: "choice", choices: ["recoup", "recoverable"], help: "what decides (default: recoup)" },
  ...BUDGET_FLAG,
  static: {
    type: "flag",
    help: 'in float32, for any device; of recoverable always as many rows as the budget allows, of which the first "count" are made',
  },
  polarity: {
    type: "choice",
    choices: [1, -1],
    help: "1 if tokens that show what the text names have high similarity, -1 if low (default: as manifest.json beside the model says)",
  },
  merge: { type: "choice", choices: ["sum", "mean"], help: "how a merged row of recoverable is formed" },
  grid: {
    type: "text",
    placeholder: "RxC",
    help: "rows and columns of the patches, for recoup (default: a square)",
  },
  mass: { type: "flag", help: "one output more of recoup: how many tokens each row stands for" },
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
    if (tower !== "same") io.note(styled("warning", `warning: ${WARNINGS[tower]}`));
    const model = bake(vision, { ...options, clip });
    const inputs = [...modelPaths(path, file), ...modelPaths(flags.clip, clipFile)];
    await writeOnnx(out, model, { inputs, signal: io.signal });
    io.note(`wrote ${out}`);
    const names = (values: readonly { readonly name: string }[]) => values.map(({ name }) => name);
    const ports = { inputs: names(model.graph.inputs), outputs: names(model.graph.outputs) };
    const { tokens, textPolarity } = options;
    if (flags.json) io.out(JSON.stringify({ out, ...ports, tokens, textPolarity, tower }, undefined, 2));
    else
      io.out(
        facts(
          Object.entries(ports).map(([title, list]) => [title, list.join(", ")]),
          io.columns,
        ),
      );
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
  const { merge, weights, mass, method } = flags;
  const form = flags.static ? "static" : "dynamic";
  const shared = { tokens, configuredLayers: layers, textPolarity, form, budget, weights } as const;
  if (method === "recoverable") {
    if (flags.grid !== undefined || mass) throw refusal("--grid and --mass with recoup", "recoverable");
    return { ...shared, method, merge };
  }
  if (merge !== undefined) throw refusal("--merge with --method recoverable", "recoup");
  const grids = flags.grid === undefined ? undefined : [gridOf(flags.grid)];
  return { ...shared, method, grids, mass };
}

/** A grid as typed, such as 24x24. */
function gridOf(typed: string): TokenGrid {
  const [, rows, columns] = /^(\d{1,4})x(\d{1,4})$/.exec(typed) ?? [];
  if (rows === undefined) throw refusal("--grid as rows and columns, such as 24x24", typed);
  return { rows: Number(rows), columns: Number(columns), offset: 0 };
}
