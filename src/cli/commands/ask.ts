import { basename } from "node:path";
import { planToJson } from "../../core/index.js";
import { assertOutputs, readImage, type Vlm, writeFilesAtomic } from "../../node.js";
import type { AskResult, Compression, RgbImage } from "../../vlm/index.js";
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

/** `recoup ask`: one question about one image. */
export const askCommand = defineCommand({
  name: "ask",
  summary: "answer a question about an image from few visual tokens",
  words: ["IMAGE", "QUESTION"],
  about: ["Answers a question about an image from few visual tokens. The answer goes to stdout, all else to stderr."],
  flags: FLAGS,
  async run({ flags, words: [path, question] }, io) {
    const compression = compressionOf("ask", flags);
    if (flags.overlay !== undefined) {
      assertOverlay("ask", flags.overlay);
      await assertOutputs([flags.overlay], { inputs: [path] });
    }
    const image = await readImage(path);
    await withModel(flags, io, (vlm, signal) => {
      const asking = { flags, path, compression, image, question, signal };
      return inStage(`answering about ${path} with ${flags.model}`, () => answer(vlm, asking, io));
    });
  },
});

interface Asking {
  readonly flags: Values<typeof FLAGS>;
  readonly path: string;
  readonly compression: Compression;
  readonly image: RgbImage;
  readonly question: string;
  readonly signal: AbortSignal;
}

/** Asks, shows and draws. */
async function answer(vlm: Vlm, asking: Asking, io: CommandIo): Promise<void> {
  const { flags, path, compression, image, question, signal } = asking;
  const { overlay, compare, json, maxNewTokens } = flags;
  const options = { image, question, maxNewTokens, signal };
  // Times are compared between runs of code that the engine has compiled already.
  const warmUp = compare ? [compression, ALL] : [];
  for (const choice of warmUp) await vlm.ask({ ...options, compression: choice, maxNewTokens: 2 }).result;
  const asked = vlm.ask({ ...options, compression });
  if (!json) for await (const piece of asked) io.write(piece);
  const result = await asked.result;
  if (!json) io.write("\n");
  const full = compare ? await vlm.ask({ ...options, compression: ALL }).result : undefined;
  if (json) io.out(JSON.stringify({ ...resultJson(result), ...(full && { full: resultJson(full) }) }));
  else if (full) io.note(`\n${answerTable([result.method, "all tokens"], [result, full])}`);
  else io.note(["", ...answerLines(result)].join("\n"));
  if (overlay === undefined) return;
  const svg = await overlaySvg(result, image, { question, manifest: vlm.manifest });
  if (svg === undefined) return io.note("no drawing: it is not known where this model's visual tokens lie");
  await writeFilesAtomic([await overlayFile(overlay, svg)], { inputs: [path] });
  io.note(`wrote ${overlay}`);
}

const ALL = { method: "none" } as const;

/** An answer as one JSON value. */
function resultJson({ answer, tokens, roles, timings, kvBytes, plans, model, method }: AskResult) {
  return { answer, tokens, roles, timings, kvBytes, plan: planToJson(plans[0]), model: basename(model), method };
}
