import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { InvalidInputError, planToJson } from "../../core/index.js";
import { findMethod } from "../../methods/index.js";
import { readTokenTable, svgToPng, writeFilesAtomic } from "../../node/index.js";
import { planToSvg } from "../../viz/index.js";
import type { Command } from "../command.js";
import { compressTable, resultText } from "../compress-table.js";
import { readPicture } from "../read-picture.js";
import { wrapWords } from "../text-table.js";

/** The committed example: scripts/make-example.mjs made it. */
const EXAMPLE = new URL("../../../examples/", import.meta.url);

const QUESTION = "What color is the bird?";

/** Longest line of running text, however wide the terminal is. */
const TEXT_WIDTH = 100;

/** `recoup demo`: the main job on the committed example, with a picture. */
export const demoCommand: Command = {
  name: "demo",
  summary: "compress the bundled example and draw what stayed, and why",
  usage: "usage: recoup demo [--out FOLDER]\n\n  --out FOLDER   where the plan and its pictures go (default: out)",
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: { out: { type: "string", default: "out" } } });
    const say = (text: string) => io.out(wrapWords(text, Math.min(io.columns, TEXT_WIDTH)).join("\n"));
    const file = await readTokenTable(fileURLToPath(new URL("garden.safetensors", EXAMPLE)));
    say(
      `A picture of ${file.table.count} visual tokens, and the question "${QUESTION}". The picture is drawn and its signals ` +
        "are made by rules, not by a model: this shows what the method does, not how well a model answers.",
    );
    const result = compressTable(file, findMethod("recoverable"), {});
    io.out(`\n${resultText(result)}\n`);
    say(
      "visual: what the class token attends to. text: the bird, which it overlooks and the question points at. merged and " +
        "residual: all that is left, in a few rows. Every source token's place and weight is in plan.json.",
    );
    const svg = planToSvg(result.plan, {
      grids: file.table.grids ?? [],
      image: await readPicture(fileURLToPath(new URL("garden.png", EXAMPLE))),
      signals: file.table,
      title: "Recoverable Compression",
      subtitle: `${result.name}; drawn picture, signals made by rules, no model`,
      question: QUESTION,
    });
    await makeFolder(values.out);
    const files = [
      { path: join(values.out, "plan.png"), data: await svgToPng(svg, { width: 1920 }) },
      { path: join(values.out, "plan.svg"), data: svg },
      { path: join(values.out, "plan.json"), data: `${JSON.stringify(planToJson(result.plan))}\n` },
    ];
    await writeFilesAtomic(files);
    io.note(`\nwrote ${files.map(({ path }) => path).join(", ")}`);
  },
};

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause: Error) => {
    throw new InvalidInputError({ operation: "demo", expected: "a folder to write to", got: cause.message, cause });
  });
}
