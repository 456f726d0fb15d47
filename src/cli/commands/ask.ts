import { basename } from "node:path";
import { planToJson } from "../../core/index.js";
import { assertOutputs } from "../../files/index.js";
import { readImage, type Vlm, writeFilesAtomic } from "../../node.js";
import type { AskOptions, AskResult } from "../../vlm/index.js";
import { answerLines, answerTable } from "../answer-report.js";
import { type CommandIo, defineCommand } from "../command.js";
import { inStage } from "../failure.js";
import type { Flags, Values } from "../flags.js";
import { compressionOf } from "../method-flags.js";
import { assertOverlay, overlayFile, overlaySvg } from "../overlay.js";
import { VLM_FLAGS, withModel } from "../vlm-command.js";

const FLAGS = {
  compare: { type: "flag", help: "answers with all tokens too, and shows both side by side" },
  overlay: { type: "text", placeholder: "FILE", help: "draws what was kept over the image: FILE.svg or FILE.png" },
  json: {
    type: "flag",
    help: "one JSON object on stdout: answer, tokens, roles, timings, kvBytes, plan, model, method",
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
    const image = await readImage(path);
    await withModel(flags, io, (vlm, signal) =>
      inStage(`answering about ${path} with ${flags.model}`, async () => {
        const { positions, maxNewTokens } = flags;
        const asking = { image, question, compression, positions, maxNewTokens, signal };
        const result = await answer(vlm, asking, flags, io);
        if (flags.overlay === undefined) return;
        const svg = await overlaySvg(result, image, { question, manifest: vlm.manifest });
        if (svg === undefined) return io.note("no drawing: it is not known where this model's visual tokens lie");
        await writeFilesAtomic([await overlayFile(flags.overlay, svg)], { inputs: [path] });
        io.note(`wrote ${flags.overlay}`);
      }),
    );
  },
});

/** Asks and shows. */
async function answer(vlm: Vlm, asking: AskOptions, { compare, json }: AskFlags, io: CommandIo): Promise<AskResult> {
  const askingFull = { ...asking, compression: { method: "none" } };
  // Times are compared between runs of code that the engine has compiled already.
  if (compare) for (const options of [asking, askingFull]) await vlm.ask({ ...options, maxNewTokens: 2 });
  const stream = vlm.ask(asking);
  if (!json) for await (const piece of stream) io.write(piece);
  const result = await stream;
  if (!json) io.write("\n");
  const full = compare ? await vlm.ask(askingFull) : undefined;
  if (json) io.out(JSON.stringify({ ...resultJson(result), ...(full && { full: resultJson(full) }) }));
  else if (full) io.note(`\n${answerTable([result.method, "all tokens"], [result, full])}`);
  else io.note(["", ...answerLines(result)].join("\n"));
  return result;
}

/** An answer as one JSON value. */
function resultJson({ answer, tokens, roles, timings, kvBytes, plans, model, method }: AskResult) {
  return { answer, tokens, roles, timings, kvBytes, plan: planToJson(plans[0]), model: basename(model), method };
}
