import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { planToJson } from "../../core/index.js";
import { readImage, withFileErrors, writeFilesAtomic } from "../../files/index.js";
import type { AskResult, Compression } from "../../vlm/index.js";
import { EXAMPLE_IMAGE, type Vlm } from "../../vlm/transformers/node/index.js";
import { answerTable } from "../answer-report.js";
import { type CommandIo, defineCommand } from "../command.js";
import { overlayFile, overlaySvg } from "../overlay.js";
import { TEXT_WIDTH, wrapWords } from "../text-table.js";
import { withModel } from "../vlm-command.js";

const QUESTION = "What color is the star?";

/** `recoup demo`: the main job on the bundled model, with a drawing of what was kept. */
export const demoCommand = defineCommand({
  name: "demo",
  summary: "the bundled model answers from a tenth of its visual tokens; draws which, and why",
  flags: { out: { type: "text", default: "out", placeholder: "DIR", help: "where the plan and its drawings go" } },
  async run({ flags: { out } }, io) {
    const say = (text: string) => io.out(wrapWords(text, Math.min(io.columns, TEXT_WIDTH)).join("\n"));
    await withFileErrors("demo", `a folder to write to at ${out}`, () => mkdir(out, { recursive: true }));
    await withModel({ model: "tiny" }, io, async (vlm, signal) => {
      say(`\nexamples/scene.png, and the question "${QUESTION}"\n`);
      const results = await threeWays(vlm, signal);
      io.out(answerTable(["all tokens", "recoverable", "class token only"], results));
      say(
        "\nThe class token attends to the large things and overlooks the star; ranked by it alone, as many tokens lose the " +
          "answer. Recoverable Compression keeps what it attends to, recovers what the question points at, and merges the rest.",
      );
      say(
        "One question on one image, of a tiny model that knows only such images: it shows the mechanism. Times are of " +
          "this run, on this machine, after one to warm up; on a real model the prefill is nearly all of them.",
      );
      await write(out, results[1], vlm, io);
    });
  },
});

/** All tokens, the method with its own number, and the same number by the class token's attention alone. */
async function threeWays(vlm: Vlm, signal: AbortSignal): Promise<AskResult[]> {
  const image = await readImage(EXAMPLE_IMAGE);
  const ask = (compression: Compression) => vlm.ask({ image, question: QUESTION, compression, signal }).result;
  const { tokens } = await ask({});
  const ways: Compression[] = [
    { method: "none" },
    { method: "recoverable" },
    { method: "cls-topk", budget: tokens.kept },
  ];
  for (const way of ways) await ask(way);
  const results: AskResult[] = [];
  for (const way of ways) results.push(await ask(way));
  return results;
}

async function write(folder: string, result: AskResult, { manifest }: Vlm, io: CommandIo): Promise<void> {
  const svg = (await overlaySvg(result, await readImage(EXAMPLE_IMAGE), { question: QUESTION, manifest })) ?? "";
  const files = [
    await overlayFile(join(folder, "plan.png"), svg),
    await overlayFile(join(folder, "plan.svg"), svg),
    { path: join(folder, "plan.json"), data: `${JSON.stringify(planToJson(result.plans[0]))}\n` },
  ];
  await writeFilesAtomic(files);
  io.note(`\nwrote ${files.map(({ path }) => path).join(", ")}`);
}
