/** @file `recoup eval --images`: the user's own images and questions, compressed against all tokens. */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { refusalFor } from "../../../core/index.js";
import {
  type AgreementNumbers,
  breakEven,
  ownSamples,
  ownTask,
  parseQuestions,
  runState,
} from "../../../eval/index.js";
import { type AnsweredEvent, answerRun, runReport, writeSamples } from "../../../eval/node/index.js";
import { withFileErrors, writeFilesAtomic } from "../../../files/index.js";
import type { CommandIo } from "../../command.js";
import type { WorkIo } from "../../progress.js";
import { textTable, wrapWords } from "../../text-table.js";
import { loadModel } from "../../vlm-command.js";
import type { EvalFlags, EvalInvocation } from "./flags.js";
import { followed, runFacts } from "./shared.js";

type OwnInvocation = EvalInvocation & Readonly<Record<"images" | "questions", string>>;

const refuse = refusalFor("eval");

/** Asks, compares, writes and shows. @returns the number of failed answers. */
export async function evaluateOwn({ flags, images, questions, args }: OwnInvocation, io: WorkIo): Promise<number> {
  const { signal } = io;
  const { out, controls, force, strict, maxNewTokens = 64 } = flags;
  const text = await withFileErrors("eval", `questions in ${questions}`, () => readFile(questions, "utf8"));
  const samples = ownSamples(await imageNames(images), parseQuestions(text, questions));
  const task = ownTask({ folder: images, samples, maxNewTokens });
  const vlm = await loadModel(flags, io);
  try {
    const { methods = [vlm.manifest.defaultMethod] } = flags;
    const facts = runFacts(vlm, flags, { methods, controls, seed: 0, notes: [] }, io);
    const prepare = async () => ({ tasks: [task], state: runState({ ...facts, tasks: [task] }) });
    const events = answerRun({ vlm, prepare, out, force, strict, signal });
    const done = await followed(events, { flags, args, data: images }, io);
    await writeAndShow({ ...flags, images }, done, io);
    return done.failed;
  } finally {
    await vlm.dispose();
  }
}

/** Endings of images that are read. */
const ENDINGS = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".tif", ".tiff"];

/** Paths below the folder, sorted. */
async function imageNames(folder: string): Promise<string[]> {
  const names = await withFileErrors("eval", `a folder of images at ${folder}`, () =>
    readdir(folder, { recursive: true }),
  );
  const images = names.filter((name) => ENDINGS.includes(extname(name).toLowerCase())).sort();
  if (images.length === 0) throw refuse(`images (${ENDINGS.join(", ")}) in ${folder}`, "none");
  return images;
}

async function writeAndShow(
  { out, json, examples, images }: EvalFlags,
  { plan, records }: AnsweredEvent,
  io: CommandIo,
): Promise<void> {
  await writeSamples(out, plan.tasks);
  const { numbers, summary, texts, hints } = await runReport(out, { formats: ["html"], examples, data: images });
  for (const hint of hints) io.note(hint);
  const { settings, changed } = numbers as AgreementNumbers;
  const pays = breakEven(records.values(), plan.state.settings);
  const page = join(out, "agreement.html");
  await writeFilesAtomic([
    { path: join(out, "agreement.json"), data: `${JSON.stringify({ settings, pays, changed }, undefined, 2)}\n` },
    ...texts.map(({ text: data }) => ({ path: page, data })),
  ]);
  io.note(`wrote ${page}`);
  io.out(json ? JSON.stringify({ settings, pays }, undefined, 2) : agreementText(settings, summary, io.columns));
}

function agreementText(settings: AgreementNumbers["settings"], verdicts: readonly string[], columns: number): string {
  const table = textTable(
    ["setting", "tokens", "answers", "unchanged", "similarity"],
    settings.map(({ setting, kept, answered, unchanged, similarity }) => [
      setting,
      kept.toFixed(1),
      String(answered),
      answered === 0 ? "-" : `${((100 * unchanged) / answered).toFixed(1)} %`,
      similarity.toFixed(3),
    ]),
    { width: columns },
  );
  return [table, "", ...verdicts.flatMap((text) => wrapWords(text, Math.min(columns, 100)))].join("\n");
}
