/** @file `recoup eval --images`: the user's own images and questions, with scores where there are right answers, else against all tokens. */
import { join } from "node:path";
import { refusalFor } from "../../../core/index.js";
import {
  type AgreementTask,
  type AskedTask,
  agreement,
  type BreakEven,
  breakEven,
  type ChangedAnswer,
  compressionOf,
  type OwnData,
  runState,
  type Setting,
  type SettingAgreement,
  worstExamples,
} from "../../../eval/index.js";
import { type AnsweredEvent, answerRun, readOwnData, runEvaluation, samplePicture } from "../../../eval/node/index.js";
import { type AgreementExample, adviceText, agreementDocument, reportHtml } from "../../../eval/report/page/index.js";
import { type Vlm, writeFilesAtomic } from "../../../node.js";
import { overlaySvg } from "../../overlay.js";
import type { WorkIo } from "../../progress.js";
import { textTable, wrapWords } from "../../text-table.js";
import { loadModel } from "../../vlm-command.js";
import type { EvalFlags, EvalInvocation } from "./flags.js";
import { followed, noteProblems, runFacts, showScores } from "./shared.js";

type OwnInvocation = EvalInvocation & Readonly<Record<"images" | "questions", string>>;

const refuse = refusalFor("eval");

/** Asks, scores or compares, writes and shows. @returns the number of failed answers. */
export async function evaluateOwn(invocation: OwnInvocation, io: WorkIo): Promise<number> {
  const { flags, images, questions } = invocation;
  const { metric, plain, strict, maxNewTokens } = flags;
  const data = await readOwnData({ images, questions, metric, plain, strict, maxNewTokens });
  return data.kind === "scored" ? scoreOwn(invocation, data, io) : compareOwn(invocation, data.task, io);
}

/** As on benchmarks, with the model's own method where none is given. */
async function scoreOwn(
  { flags, images, args }: OwnInvocation,
  { task, notes }: OwnData & { readonly kind: "scored" },
  io: WorkIo,
): Promise<number> {
  const { out, controls, force, strict, examples } = flags;
  const why = "questions without right answers; recoup report shows examples of others";
  if (examples !== undefined) throw refuse(`--examples with ${why}`, `right answers in ${task.samples.length} rows`);
  io.note(`scoring ${task.samples.length} questions: ${task.alias}${flags.metric ? "" : "; --metric chooses another"}`);
  for (const note of notes) io.note(note);
  const events = runEvaluation({
    tasks: [task],
    dataRoot: images,
    loadVlm: () => loadModel(flags, io),
    facts: (vlm) => {
      const { methods = [vlm.manifest.defaultMethod] } = flags;
      return runFacts(vlm, flags, { methods, controls, seed: 0, notes }, io);
    },
    out,
    force,
    strict,
    signal: io.signal,
  });
  const done = await followed(events, { flags, args }, io);
  showScores(done, flags, io);
  return done.failed;
}

async function compareOwn({ flags, args }: OwnInvocation, task: AgreementTask, io: WorkIo): Promise<number> {
  const { signal } = io;
  const { out, controls, force, strict } = flags;
  noteProblems({ task: task.id, problems: task.problems }, io);
  const vlm = await loadModel(flags, io);
  try {
    const { methods = [vlm.manifest.defaultMethod] } = flags;
    const facts = runFacts(vlm, flags, { methods, controls, seed: 0, notes: [] }, io);
    const prepare = async () => ({ tasks: [task], state: runState({ ...facts, tasks: [task] }) });
    const done = await followed(answerRun({ vlm, prepare, out, force, strict, signal }), { flags, args }, io);
    await writeAndShow({ vlm, flags, io }, done);
    return done.failed;
  } finally {
    await vlm.dispose();
  }
}

interface OwnRun {
  readonly vlm: Vlm;
  readonly flags: EvalFlags;
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
  { vlm, flags, io: { signal } }: OwnRun,
  task: AskedTask,
  example: ChangedAnswer,
  setting: Setting,
): Promise<AgreementExample> {
  const { maxNewTokens } = task;
  const sample = task.samples[example.doc];
  const image = await samplePicture(task, sample, flags.pad);
  const { question, picture = "" } = sample;
  const result = await vlm.ask({ image, question, compression: compressionOf(setting), maxNewTokens, signal }).result;
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
