/** @file `recoup eval --images`: the user's own images and questions, compressed against all tokens. */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { refusalFor } from "../../../core/index.js";
import {
  type AskedTask,
  agreement,
  type BreakEven,
  breakEven,
  type ChangedAnswer,
  compressionOf,
  type OwnMethod,
  ownSamples,
  ownTask,
  parseQuestions,
  runState,
  type Setting,
  type SettingAgreement,
  worstExamples,
} from "../../../eval/index.js";
import { type AnsweredEvent, answerRun, samplePicture } from "../../../eval/node/index.js";
import { type AgreementExample, adviceText, agreementDocument, reportHtml } from "../../../eval/report/page/index.js";
import { withFileErrors } from "../../../files/index.js";
import { type Vlm, writeFilesAtomic } from "../../../node.js";
import { overlaySvg } from "../../overlay.js";
import type { WorkIo } from "../../progress.js";
import { textTable, wrapWords } from "../../text-table.js";
import { loadModel } from "../../vlm-command.js";
import type { EvalFlags, EvalInvocation } from "./flags.js";
import { checkedMethods } from "./methods.js";
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
  const given = await checkedMethods(flags.methods ?? [], flags);
  const { own } = given;
  const vlm = await loadModel(flags, io);
  try {
    const methods = flags.methods === undefined ? { words: [vlm.manifest.defaultMethod], own } : given;
    const facts = runFacts(vlm, flags, { methods, controls, seed: 0, notes: [] }, io);
    const prepare = async () => ({ tasks: [task], state: runState({ ...facts, tasks: [task] }) });
    const done = await followed(answerRun({ vlm, own, prepare, out, force, strict, signal }), { flags, args }, io);
    await writeAndShow({ vlm, flags, own, io }, done);
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

interface OwnRun {
  readonly vlm: Vlm;
  readonly flags: EvalFlags;
  readonly own: readonly OwnMethod[];
  readonly io: WorkIo;
}

async function writeAndShow(run: OwnRun, { plan, records, failed }: AnsweredEvent): Promise<void> {
  const { io } = run;
  const { out, json, examples: count = 6 } = run.flags;
  const { tasks, state } = plan;
  const [{ id: task, samples }] = tasks;
  const { settings, changed } = agreement(records, { task, samples, settings: state.settings });
  const pays = breakEven(records.values(), state.settings);
  const methods = new Map(state.settings.filter(({ role }) => role === "method").map((each) => [each.id, each]));
  const ofMethods = changed.filter(({ setting }) => methods.has(setting));
  const examples: AgreementExample[] = [];
  for (const example of worstExamples(ofMethods, count)) {
    examples.push(await drawn(run, tasks[0], example, methods.get(example.setting) as Setting));
  }
  const page = join(out, "agreement.html");
  await writeFilesAtomic([
    { path: join(out, "agreement.json"), data: `${JSON.stringify({ settings, pays, changed }, undefined, 2)}\n` },
    { path: page, data: await reportHtml(agreementDocument({ state, settings, pays, examples, failed })) },
  ]);
  io.note(`wrote ${page}`);
  io.out(json ? JSON.stringify({ settings, pays }, undefined, 2) : agreementText(settings, pays, io.columns));
}

/** An example with its image: asked again, since a run keeps counts and no plans. */
async function drawn(
  { vlm, flags, own, io: { signal } }: OwnRun,
  task: AskedTask,
  example: ChangedAnswer,
  setting: Setting,
): Promise<AgreementExample> {
  const { maxNewTokens } = task;
  const sample = task.samples[example.doc];
  const image = await samplePicture(task, sample, flags.pad);
  const { question, picture = "" } = sample;
  const compression = compressionOf(setting, own);
  const result = await vlm.ask({ image, question, compression, maxNewTokens, signal }).result;
  const svg = await overlaySvg(result, image, { question, manifest: vlm.manifest });
  return { ...example, question, image: picture, svg };
}

function agreementText(settings: readonly SettingAgreement[], pays: readonly BreakEven[], columns: number): string {
  const table = textTable(
    ["setting", "tokens", "answers", "unchanged", "similarity"],
    settings.map(({ setting, kept, answered, unchanged, similarity }) => [
      setting,
      kept.toFixed(1),
      String(answered),
      answered === 0 ? "-" : `${((100 * unchanged) / answered).toFixed(1)} %`,
      similarity.toFixed(3),
    ]),
  );
  const advice = pays.flatMap((row) => wrapWords(adviceText(row), Math.min(columns, 100)));
  return [table, "", ...advice].join("\n");
}
