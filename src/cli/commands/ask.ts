import { basename } from "node:path";
import { planToJson } from "../../core/index.js";
import { assertOutputs, readImage, writeFilesAtomic } from "../../files/index.js";
import type { AskOptions, AskResult } from "../../vlm/index.js";
import type { Vlm } from "../../vlm/transformers/node/index.js";
import { answerLines, answerTable, writeAnswer } from "../answer-report.js";
import { type CommandIo, defineCommand } from "../command.js";
import { inStage } from "../failure.js";
import type { Flags, Values } from "../flags.js";
import { compressionOf } from "../method-flags.js";
import { assertModel } from "../model-check.js";
import { assertOverlay, overlayFile, overlaySvg } from "../overlay.js";
import { styled } from "../style.js";
import { isToy, toyCaution } from "../toy.js";
import { imageName, VLM_FLAGS, withModel } from "../vlm-command.js";

const FLAGS = {
  compare: { type: "flag", help: "answers with all tokens too, and shows both side by side" },
  overlay: { type: "text", placeholder: "FILE", help: "draws what was kept over the image: FILE.svg or FILE.png" },
  json: {
    type: "flag",
    help: "one JSON object on stdout: answer, tokens, roles, timings, kvBytes, plan, model, method; toy and a warning with the bundled model",
  },
  ...VLM_FLAGS,
} as const satisfies Flags;

type AskFlags = Values<typeof FLAGS>;

/** `recoup ask`: one question about one image. */
export const askCommand = defineCommand({
  name: "ask",
  summary: "answer a question about an image from few visual tokens",
  words: ["IMAGE", "QUESTION"],
  about: ["The answer goes to stdout, all else to stderr."],
  flags: FLAGS,
  async run({ flags, words: [path, question] }, io) {
    const compression = await compressionOf("ask", flags);
    if (flags.overlay !== undefined) {
      assertOverlay("ask", flags.overlay);
      await assertOutputs([flags.overlay], { inputs: [path] });
    }
    await assertModel("ask", flags, compression);
    const image = await readImage(path);
    const caution = await toyCaution(flags.model, path);
    await withModel(flags, io, (vlm, signal) =>
      inStage(`answering about ${imageName(path)} with ${flags.model}`, async () => {
        const { positions, maxNewTokens } = flags;
        const asking = { image, question, compression, positions, maxNewTokens, signal };
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
  const result = await stream;
  const full = compare ? await vlm.ask(askingFull) : undefined;
  if (json) io.out(JSON.stringify({ ...resultJson(result, shown), ...(full && { full: resultJson(full, shown) }) }));
  else {
    if (caution !== undefined) io.note(styled("warning", caution));
    if (full === undefined) io.note(["", ...answerLines(result)].join("\n"));
    else {
      const answers = [
        { title: "all tokens", result: full },
        { title: result.method, result },
      ];
      io.tell(`\n${answerTable(answers, io.noteColumns)}`);
    }
  }
  return result;
}

/** An answer as one JSON value; of the bundled model with `toy`, and where it knows nothing of the image with a warning. */
function resultJson({ answer, tokens, roles, timings, kvBytes, plans, ...result }: AskResult, shown: Shown) {
  const model = basename(result.model);
  const plan = planToJson(plans[0]);
  const toy = isToy(shown.model) && { toy: true, ...(shown.caution !== undefined && { warning: shown.caution }) };
  return { answer, tokens, roles, timings, kvBytes, plan, model, method: result.method, ...toy };
}
