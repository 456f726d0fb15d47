import { basename } from "node:path";
import { planToJson, sourceName } from "../../core/index.js";
import { assertOutputs, readImage, writeFilesAtomic } from "../../files/index.js";
import type { AskOptions, AskResult } from "../../vlm/index.js";
import type { Vlm } from "../../vlm/transformers/node/index.js";
import { answerLines, answerTable, ofRounds, untoldLine, writeAnswer } from "../answer-report.js";
import { type CommandIo, defineCommand } from "../command.js";
import { evidenceLine } from "../evidence-line.js";
import { inStage } from "../failure.js";
import type { Flags, Values } from "../flags.js";
import { compressionOf } from "../method-flags.js";
import { assertModel } from "../model-check.js";
import { assertOverlay, overlayFile, overlaySvg } from "../overlay.js";
import { progressLine } from "../progress.js";
import { rowOptions } from "../row-flags.js";
import { styled } from "../style.js";
import { TEXT_WIDTH, wrapLines } from "../text-table.js";
import { isToy, toyCaution } from "../toy.js";
import { VLM_FLAGS, withModel } from "../vlm-command.js";

const FLAGS = {
  compare: {
    type: "flag",
    help: "answers with all tokens too, and shows both side by side; times are medians of 3 rounds",
  },
  overlay: { type: "text", placeholder: "FILE", help: "draws what was kept over the image: FILE.svg or FILE.png" },
  json: {
    type: "flag",
    help: "one JSON object on stdout: answer, tokens, roles, timings, kvBytes, plan, model, method, told (positions, mass and what could not be), evidence (peak and confidence of what the question points at, or null); toy and a warning with the bundled model",
  },
  ...VLM_FLAGS,
} as const satisfies Flags;

type AskFlags = Values<typeof FLAGS>;

/** `recoup ask`: one question about one image. */
export const askCommand = defineCommand({
  name: "ask",
  summary: "answer a question about an image from few visual tokens",
  words: ["IMAGE", "QUESTION"],
  about: ["The answer, and the table of --compare, go to stdout, all else to stderr."],
  flags: FLAGS,
  async run({ flags, words: [path, question] }, io) {
    const compression = await compressionOf("ask", flags);
    const rows = rowOptions("ask", flags);
    if (flags.overlay !== undefined) {
      assertOverlay("ask", flags.overlay);
      await assertOutputs([flags.overlay], { inputs: [path] });
    }
    await assertModel("ask", flags, compression);
    const image = await readImage(path);
    const caution = await toyCaution(flags.model, path);
    await withModel(flags, io, (vlm, signal) =>
      inStage(`answering about ${sourceName(path)} with ${flags.model}`, async () => {
        const asking = { image, question, compression, ...rows, maxNewTokens: flags.maxNewTokens, signal };
        const result = await answer(vlm, asking, { ...flags, caution }, io);
        if (flags.overlay === undefined) return;
        const svg = await overlaySvg(result, image, { question, manifest: vlm.manifest, caution });
        if (svg === undefined) return io.note("no drawing: it is not known where this model's visual tokens lie");
        await writeFilesAtomic([await overlayFile(flags.overlay, svg)], { inputs: [path] });
        io.note(`wrote ${flags.overlay}`);
      }),
    );
  },
});

/** How an answer is shown. */
type Shown = Pick<AskFlags, "compare" | "json" | "model"> & { readonly caution?: string };

/** Asks and shows. */
async function answer(vlm: Vlm, asking: AskOptions, shown: Shown, io: CommandIo): Promise<AskResult> {
  const { compare, json, caution } = shown;
  const askingFull = { ...asking, compression: { method: "none" } as const };
  // Times are compared between runs of code that the engine has compiled already.
  if (compare) for (const options of [asking, askingFull]) await vlm.ask({ ...options, maxNewTokens: 2 });
  const stream = vlm.ask(asking);
  if (!json) await writeAnswer(stream, io);
  const first = await stream;
  const [own, full] = compare ? await compareRounds(vlm, asking, askingFull, first, io) : [{ result: first }];
  const { result } = own;
  if (json) {
    io.out(JSON.stringify({ ...resultJson(result, shown), ...(full && { full: resultJson(full.result, shown) }) }));
    return result;
  }
  if (caution !== undefined) io.note(styled("warning", caution));
  const untold = untoldLine(result);
  if (untold !== undefined) io.note(styled("warning", untold));
  if (full === undefined) io.note(["", ...answerLines(result)].join("\n"));
  else {
    const table = answerTable(
      [
        { title: "all tokens", ...full },
        { title: result.method, ...own },
      ],
      io.columns,
    );
    const notes = isToy(shown.model) ? [wrapLines(TOY_TIMES, Math.min(io.columns, TEXT_WIDTH))] : [];
    io.out(`\n${[table, ...notes].join("\n\n")}`);
    const pointed = evidenceLine(result.method, result.evidence[0]);
    if (pointed !== undefined) io.note(`\n${pointed}`);
  }
  return result;
}

/** Rounds of both ways that times are compared over: the fewest with a middle one. */
const ROUNDS = 3;

/** What the times of the toy do not say. */
const TOY_TIMES =
  "Times of a toy: its small vision pass and the selection are most of them, so its first token tells nothing about a real model's.";

/** Both ways in turn, with the medians of their times. @param first the answer of the first round's first way. */
async function compareRounds(vlm: Vlm, asking: AskOptions, askingFull: AskOptions, first: AskResult, io: CommandIo) {
  const [own, full] = [[first], [await vlm.ask(askingFull)]];
  const line = progressLine(io);
  line("rounds", 1, ROUNDS);
  for (let round = 2; round <= ROUNDS; round++) {
    own.push(await vlm.ask(asking));
    full.push(await vlm.ask(askingFull));
    line("rounds", round, ROUNDS);
  }
  return [ofRounds(own), ofRounds(full)];
}

/** An answer as one JSON value; of the bundled model with `toy`, and where it knows nothing of the image with a warning. */
function resultJson({ answer, tokens, roles, timings, kvBytes, plans, ...result }: AskResult, shown: Shown) {
  const model = basename(result.model);
  const plan = planToJson(plans[0]);
  const toy = isToy(shown.model) && { toy: true, ...(shown.caution !== undefined && { warning: shown.caution }) };
  const { method, told } = result;
  const [evidence = null] = result.evidence;
  return { answer, tokens, roles, timings, kvBytes, plan, model, method, told, evidence, ...toy };
}
