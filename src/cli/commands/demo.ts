import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { planToJson } from "../../core/index.js";
import {
  assertOutputs,
  MissingPackageError,
  makeFolder,
  type OutputFile,
  PNG_PACKAGES,
  readImage,
  writeFilesAtomic,
} from "../../files/index.js";
import type { AskResult, Compression, RgbImage } from "../../vlm/index.js";
import { EXAMPLE_IMAGE, type Vlm } from "../../vlm/transformers/node/index.js";
import { answerTable, ofRounds, type TitledAnswer, time } from "../answer-report.js";
import { type CommandIo, defineCommand } from "../command.js";
import { assertModel } from "../model-check.js";
import { overlayFile, overlaySvg } from "../overlay.js";
import { installLine, missingPackages } from "../packages.js";
import { progressLine } from "../progress.js";
import { REAL_MODEL } from "../real-model.js";
import { TEXT_WIDTH, wrapWords } from "../text-table.js";
import { TOY } from "../toy.js";
import { withModel } from "../vlm-command.js";

const QUESTION = "What color is the star?";

/** Rounds of all ways that the times are medians of: enough that one slow moment does not show, a few seconds in all. */
const ROUNDS = 5;

/** `recoup demo`: the main job on the bundled model, with a drawing of what was kept. */
export const demoCommand = defineCommand({
  name: "demo",
  summary: "the bundled model answers from a tenth of its visual tokens; draws which, and why",
  flags: { out: { type: "text", default: "out", placeholder: "DIR", help: "where image, plan and drawings go" } },
  async run({ flags: { out } }, io) {
    await assertModel("demo", { model: "tiny" });
    const drawn = missingPackages(PNG_PACKAGES).length === 0 ? ["plan.png", "plan.svg"] : ["plan.svg"];
    const paths = ["scene.png", ...drawn, "plan.json"].map((name) => join(out, name));
    await makeFolder("demo", `a folder to write to at ${out}`, out);
    await assertOutputs(paths);
    const image = await readImage(EXAMPLE_IMAGE);
    await withModel({ model: "tiny" }, io, async (vlm, signal) => {
      const ways = await threeWays(vlm, image, signal, io);
      io.out(demoText(ways, io.columns));
      const [, { result }] = ways;
      const svg = (await overlaySvg(result, image, { question: QUESTION, manifest: vlm.manifest })) ?? "";
      const made = await Promise.all(paths.map((path) => madeFile(path, svg, result)));
      const files = made.filter((file) => "data" in file);
      await writeFilesAtomic(files);
      io.note(`\nwrote ${files.map(({ path }) => path).join(", ")}`);
      if (drawn.length === 1) io.note(`plan.png, too, with two more packages: ${installLine(PNG_PACKAGES)}`);
      for (const { remedy } of made.filter((file) => "remedy" in file)) io.note(`plan.png, too: ${remedy}`);
      io.note(`go on with: recoup ask ${paths[0]} "${QUESTION}"`);
    });
  },
});

type Way = TitledAnswer & { readonly result: AskResult };

/** All tokens, the default method, and as many rows by the class token's attention alone; times are medians. */
async function threeWays(vlm: Vlm, image: RgbImage, signal: AbortSignal, io: CommandIo): Promise<Way[]> {
  const ask = (compression: Compression) => vlm.ask({ image, question: QUESTION, compression, signal }).result;
  const { tokens } = await ask({ method: "recoup" });
  const ways: { readonly title: string; readonly compression: Compression }[] = [
    { title: "all tokens", compression: { method: "none" } },
    { title: "recoup", compression: { method: "recoup" } },
    { title: "class token", compression: { method: "cls-topk", budget: tokens.kept } },
  ];
  for (const { compression } of ways) await ask(compression);
  const rounds: AskResult[][] = [];
  const line = progressLine(io);
  for (let round = 1; round <= ROUNDS; round++) {
    const results: AskResult[] = [];
    for (const { compression } of ways) results.push(await ask(compression));
    rounds.push(results);
    line("rounds", round, ROUNDS);
  }
  return ways.map(({ title }, way) => ({ title, ...ofRounds(rounds.map((results) => results[way])) }));
}

function demoText(ways: readonly Way[], columns: number): string {
  const say = (text: string) => wrapWords(text, Math.min(columns, TEXT_WIDTH)).join("\n");
  const { signals, select, prefill } = ways[1].result.timings;
  const { name, machine, kept, selection, firstToken, allTokens } = REAL_MODEL;
  return [
    `\n${say(`An example picture, and the question "${QUESTION}"`)}`,
    answerTable(ways, columns),
    say(
      "The class token attends to the large things and overlooks the star; ranked by it alone, as many tokens lose the " +
        "answer. recoup keeps what the question points at, and tokens that stand for the rest, into which it merges them.",
    ),
    say(
      `One question on one image, of ${TOY}: it shows the mechanism. Times are medians of ${ROUNDS} rounds on this machine.`,
    ),
    say(
      `Choosing tokens costs a toy of 2 million parameters ${time(signals + select)} ms, and its prefill ${time(prefill)} ms ` +
        `(${time(ways[0].result.timings.prefill)} with all tokens). Beside a real model it is next to nothing: ` +
        `${time(selection)} of ${firstToken} ms to the first token on ${name}, which takes ${allTokens} ms with all tokens ` +
        `(${kept} of 576 kept; random weights, a small vision tower; ${machine}).`,
    ),
  ].join("\n\n");
}

/** A file; of a drawing whose packages are there and do not load, what to do about them. */
async function madeFile(path: string, svg: string, result: AskResult): Promise<OutputFile | { remedy: string }> {
  try {
    return await outputFile(path, svg, result);
  } catch (error) {
    if (!(error instanceof MissingPackageError)) throw error;
    return { remedy: error.remedy };
  }
}

/** What goes into a file of that name. */
async function outputFile(path: string, svg: string, { plans }: AskResult): Promise<OutputFile> {
  if (path.endsWith("scene.png")) return { path, data: await readFile(EXAMPLE_IMAGE) };
  if (path.endsWith(".json")) return { path, data: `${JSON.stringify(planToJson(plans[0]))}\n` };
  return overlayFile(path, svg);
}
