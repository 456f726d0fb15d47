import { basename } from "node:path";
import { parseArgs } from "node:util";
import { planToJson } from "../../core/index.js";
import { assertOutputs, readImage, type Vlm, writeFilesAtomic } from "../../node.js";
import type { AskResult, Compression, RgbImage } from "../../vlm/index.js";
import { answerLines, answerTable } from "../answer-report.js";
import type { Command, CommandIo } from "../command.js";
import { assertOverlay, overlayFile, overlaySvg } from "../overlay.js";
import { interruption } from "../progress.js";
import {
  compressionOf,
  exactly,
  loadModel,
  maxNewTokens,
  VLM_FLAGS,
  VLM_USAGE,
  type VlmFlags,
} from "../vlm-command.js";

const USAGE = `usage: recoup ask IMAGE QUESTION [--model tiny] [--method ID] [--retain K | --ratio R] [options]

Answers a question about a picture from few visual tokens. The answer goes to stdout, all else to stderr.

${VLM_USAGE}
  --compare            answers with all tokens too, and shows both side by side
  --overlay FILE       draws what was kept over the picture: FILE.svg or FILE.png
  --json               one JSON object on stdout: answer, tokens, roles, ms by stage, kvBytes, plan, model, method`;

/** `recoup ask`: one question about one picture. */
export const askCommand: Command = {
  name: "ask",
  summary: "answer a question about a picture from few visual tokens",
  usage: USAGE,
  async run(args, io) {
    const { values, positionals } = parseArgs({ args: [...args], options: FLAGS, allowPositionals: true });
    exactly("ask", ["IMAGE", "QUESTION"], positionals);
    const [image, question] = positionals;
    const compression = compressionOf("ask", values);
    const { overlay } = values;
    if (overlay !== undefined) {
      assertOverlay("ask", overlay);
      await assertOutputs([overlay], { inputs: [image] });
    }
    const picture = await readImage(image);
    const { signal, dispose } = interruption();
    try {
      await answer(await loadModel(values, io, signal), { ...values, compression, picture, question, signal }, io);
    } finally {
      dispose();
    }
  },
};

interface Asking extends AskFlags {
  readonly compression: Compression;
  readonly picture: RgbImage;
  readonly question: string;
  readonly signal: AbortSignal;
}

/** Asks, shows, draws, and gives the model up. */
async function answer(
  vlm: Vlm,
  { compression, picture, question, signal, ...flags }: Asking,
  io: CommandIo,
): Promise<void> {
  const { overlay, compare, json } = flags;
  try {
    const options = { image: picture, question, maxNewTokens: maxNewTokens("ask", flags), signal };
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
    if (overlay !== undefined) {
      const svg = await overlaySvg(result, picture, { question, manifest: vlm.manifest });
      if (svg === undefined) io.note("no drawing: it is not known where this model's visual tokens lie");
      else {
        await writeFilesAtomic([await overlayFile(overlay, svg)]);
        io.note(`wrote ${overlay}`);
      }
    }
  } finally {
    await vlm.dispose();
  }
}

const ALL = { method: "none" } as const;

interface AskFlags extends VlmFlags {
  readonly compare?: boolean;
  readonly overlay?: string;
  readonly json?: boolean;
}

const FLAGS = {
  ...VLM_FLAGS,
  compare: { type: "boolean" },
  overlay: { type: "string" },
  json: { type: "boolean" },
} as const;

/** An answer as one JSON value. */
function resultJson({ answer, tokens, roles, timings, kvBytes, plans, model, method }: AskResult) {
  return { answer, tokens, roles, timings, kvBytes, plan: planToJson(plans[0]), model: basename(model), method };
}
