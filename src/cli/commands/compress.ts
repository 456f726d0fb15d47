import { basename } from "node:path";
import { parseArgs } from "node:util";
import { InvalidInputError, planToJson, requireSignals, signalsOf, type VisualTokens } from "../../core/index.js";
import { defaultMethod, findMethod } from "../../methods/index.js";
import {
  assertOutputs,
  encodeSafetensors,
  type GridSize,
  type OutputFile,
  readTokenTable,
  svgToPng,
  writeFilesAtomic,
} from "../../node.js";
import { planToSvg } from "../../viz/index.js";
import type { Command } from "../command.js";
import { type CompressResult, compressTable, resultJson, resultText } from "../compress-table.js";
import { METHOD_FLAGS, methodOptions } from "../method-options.js";
import { readPicture } from "../read-picture.js";

const USAGE = `usage: recoup compress --table FILE.safetensors [--method recoverable] [options]

  --table FILE         tensors in.features [N, C], in.keys [N + 1, C], in.q_cls [C], and in.similarity [N]
                       or in.last_hidden [N + 1, C], in.visual_projection [D, C], in.text [D]
  --grid ROWSxCOLS     where the tokens lie; repeat for several pictures (default: a square, if N is one)
  --method ID          see "recoup methods" (default: recoverable; mmtok without class attention)
  --retain K           exactly K rows            --ratio R        a share of the rows, 0 to 1
  --min-tokens K       dynamic: at least K       --max-tokens K   dynamic: at most K
  --variant NAME       paper, official, official-alt
  --merge RULE         sum, mean                 --order ORDER    append, grid
  --polarity SIGN      1 or -1: does the model score what the text names high or low?
                       (default: what the file's metadata says as textPolarity, else 1)
  --seed N             for random                --option NAME=VALUE   any other option of the method
  --plan FILE.json     writes the plan           --features FILE.safetensors   writes the compressed tokens
  --svg FILE, --png FILE   draw the plan         --image FILE.png|jpg   the picture under it
  --question TEXT      written above the drawing
  --json               one JSON object on stdout instead of a table`;

/** `recoup compress`: a token table from a file, compressed; plan, tokens and picture written on request. */
export const compressCommand: Command = {
  name: "compress",
  summary: "compress a table of visual tokens from a safetensors file",
  usage: USAGE,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: FLAGS });
    if (values.table === undefined) {
      throw new InvalidInputError({ operation: "compress", expected: "--table FILE.safetensors", got: "no table" });
    }
    const named = values.method === undefined ? undefined : findMethod(values.method);
    const { textPolarity, ...options } = methodOptions("compress", values);
    const inputs = [values.table, values.image].filter((path) => path !== undefined);
    const outputs = [values.plan, values.features, values.svg, values.png].filter((path) => path !== undefined);
    await assertOutputs(outputs, { inputs });
    const image = values.image === undefined ? undefined : await readPicture(values.image);
    const file = await readTokenTable(values.table, {
      grids: values.grid?.map(parseGrid),
      prefer: options.variant?.toString().startsWith("official") ? "released" : "cosine",
      textPolarity: textPolarity as 1 | -1 | undefined,
    });
    const drawn = values.svg ?? values.png;
    if (drawn !== undefined) requireSignals("compress: a drawing", file.table, ["grid"]);
    const method = named ?? defaultMethod(signalsOf(file.table));
    const result = compressTable(file, method, options);
    const svg =
      drawn === undefined
        ? ""
        : planToSvg(result.plan, {
            grids: file.table.grids ?? [],
            image,
            signals: file.table,
            title: result.name,
            subtitle: basename(values.table),
            question: values.question,
          });
    await writeFilesAtomic(await contents(values, result, svg), { inputs });
    io.out(values.json ? JSON.stringify(resultJson(result)) : resultText(result));
    for (const path of outputs) io.note(`wrote ${path}`);
  },
};

const FLAGS = {
  ...METHOD_FLAGS,
  table: { type: "string" },
  method: { type: "string" },
  grid: { type: "string", multiple: true },
  plan: { type: "string" },
  features: { type: "string" },
  svg: { type: "string" },
  png: { type: "string" },
  image: { type: "string" },
  question: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

/** Width of PNG output in pixels: twice the drawing's own, for sharp text. */
const PNG_WIDTH = 1920;

/** Everything that was asked for, ready to be written at once. */
async function contents(
  paths: { plan?: string; features?: string; svg?: string; png?: string },
  { plan, tokens }: CompressResult,
  svg: string,
): Promise<OutputFile[]> {
  const files: OutputFile[] = [];
  if (paths.plan) files.push({ path: paths.plan, data: `${JSON.stringify(planToJson(plan))}\n` });
  if (paths.features) files.push({ path: paths.features, data: encodeFeatures(tokens) });
  if (paths.svg) files.push({ path: paths.svg, data: svg });
  if (paths.png) files.push({ path: paths.png, data: await svgToPng(svg, { width: PNG_WIDTH }) });
  return files;
}

function encodeFeatures({ data, count, dim }: VisualTokens<Float32Array>): Uint8Array {
  return encodeSafetensors(new Map([["out.features", { dtype: "F32", shape: [count, dim], data }]]));
}

function parseGrid(text: string): GridSize {
  const match = /^(\d+)x(\d+)$/.exec(text);
  if (match === null) {
    throw new InvalidInputError({ operation: "compress", expected: "--grid ROWSxCOLUMNS, as in 24x24", got: text });
  }
  return { rows: Number(match[1]), columns: Number(match[2]) };
}
