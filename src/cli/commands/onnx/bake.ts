/** @file `recoup onnx bake`: two published files and the compression as one model. */
import { assertOutputs, openOnnxFile, writeOnnx } from "../../../node.js";
import { type BakeOptions, bake, embedExternal, sameTower } from "../../../onnx/index.js";
import type { CommandIo } from "../../command.js";
import { number } from "../../numbers.js";
import { modelPaths, type OnnxFlags, outFile, refusal } from "./flags.js";
import { manifestPolarity, visionConfig } from "./vision-config.js";

/** Bakes a vision encoder and a CLIP file into `--out`. */
export async function bakeFile(path: string, flags: OnnxFlags, io: CommandIo, signal: AbortSignal): Promise<void> {
  const out = outFile(flags);
  if (flags.clip === undefined) throw refusal("--clip FILE", "none");
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
    await writeOnnx(out, model, { inputs, signal });
    io.note(`wrote ${out}`);
    const ports = {
      inputs: model.graph.inputs.map(({ name }) => name),
      outputs: model.graph.outputs.map(({ name }) => name),
    };
    const { tokens, textPolarity } = options;
    if (flags.json) io.out(JSON.stringify({ out, ...ports, tokens, textPolarity, tower }, undefined, 2));
    else for (const [title, names] of Object.entries(ports)) io.out(`${title.padEnd(9)}${names.join(", ")}`);
  } finally {
    await Promise.all([file.close(), clipFile.close()]);
  }
}

const WARNINGS = {
  different: "the CLIP file has another tower than the encoder, so attention and similarity are only nearly right",
  unknown: "the two files have different precisions, so whether they have the same tower was not checked",
} as const;

async function bakeOptions(path: string, flags: OnnxFlags): Promise<BakeOptions> {
  const { layers, tokens: configured } = await visionConfig(path);
  const tokens = number("onnx", "--tokens", flags.tokens) ?? configured;
  if (tokens === undefined) throw refusal("--tokens N, as no config.json beside the model has it", "none");
  const polarity = number("onnx", "--polarity", flags.polarity) ?? (await manifestPolarity(path));
  if (polarity === undefined) {
    throw refusal("--polarity 1 or -1, a property of the tower that no manifest.json beside the model has", "none");
  }
  return {
    tokens,
    configuredLayers: layers,
    // `bake` refuses any other value.
    textPolarity: polarity as 1 | -1,
    merge: flags.merge as BakeOptions["merge"],
    form: flags.static ? "static" : "dynamic",
    retain: number("onnx", "--retain", flags.retain),
    maxTokens: number("onnx", "--max-tokens", flags["max-tokens"]),
    weights: flags.weights,
  };
}
