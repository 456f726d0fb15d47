/** @file `recoup eval --images`: the user's own images and questions, with scores where there are right answers, else against all tokens. */
import { join } from "node:path";
import { refusalFor } from "../../../core/index.js";
import {
  type AgreementNumbers,
  type AgreementTask,
  type OwnData,
  runState,
  runTask,
  untoldSentences,
} from "../../../eval/index.js";
import {
  AGREEMENT_FILES,
  type AnsweredEvent,
  answerRun,
  readOwnData,
  runEvaluation,
  runReport,
  writeSamples,
} from "../../../eval/node/index.js";
import { writeFilesAtomic } from "../../../files/index.js";
import type { Vlm } from "../../../vlm/transformers/node/index.js";
import type { CommandIo } from "../../command.js";
import { assertModel } from "../../model-check.js";
import type { NamedMethods } from "../../own-method/index.js";
import type { WorkIo } from "../../progress.js";
import { TEXT_WIDTH, textTable, wrapWords } from "../../text-table.js";
import { loadModel } from "../../vlm-command.js";
import type { EvalFlags, EvalInvocation } from "./flags.js";
import { assertResumable, checkedMethods } from "./methods.js";
import { followed, noteProblems, runFacts, showScores } from "./shared.js";

type OwnInvocation = EvalInvocation & Readonly<Record<"images" | "questions", string>>;

type Asking = OwnInvocation & { readonly methods: NamedMethods };

const refuse = refusalFor("eval");

/** The model's own method where none is named. */
function orDefault({ words, own }: NamedMethods, { manifest }: Vlm): NamedMethods {
  return { words: words.length > 0 ? words : [manifest.defaultMethod], own };
}

/** The part of the rows that is asked; without a limit no seed has a say. */
function drawnOf({ limit, seed = 1 }: EvalFlags) {
  return limit === undefined ? { seed: 0 } : { limit, seed };
}

/** Asks, scores or compares, writes and shows. @returns the number of failed answers. */
export async function evaluateOwn(invocation: OwnInvocation, io: WorkIo): Promise<number> {
  const { flags, images, questions } = invocation;
  const { metric, plain, strict, maxNewTokens, limit, seed = 1 } = flags;
  const subset = limit === undefined ? {} : { subset: { limit, seed } };
  const methods = await checkedMethods(flags.methods ?? [], flags);
  const data = await readOwnData({ images, questions, metric, plain, strict, maxNewTokens, ...subset });
  const tasks = [runTask(data.task)];
  await assertResumable(flags, { methods, controls: flags.controls, ...drawnOf(flags), tasks });
  await assertModel("eval", flags);
  const asking = { ...invocation, methods };
  return data.kind === "scored" ? scoreOwn(asking, data, io) : compareOwn(asking, data.task, io);
}

/** As on benchmarks, with the model's own method where none is given. */
async function scoreOwn(
  { flags, images, args, methods }: Asking,
  { task, notes }: OwnData & { readonly kind: "scored" },
  io: WorkIo,
): Promise<number> {
  const { out, controls, force, strict, examples } = flags;
  const why = "questions without right answers; recoup report shows examples of others";
  if (examples !== undefined) throw refuse(`--examples with ${why}`, `right answers in ${task.samples.length} rows`);
  const count = task.samples.length;
  io.note(
    `scoring ${count} ${count === 1 ? "question" : "questions"}: ${task.alias}${flags.metric ? "" : "; --metric chooses another"}`,
  );
  for (const note of notes) io.note(note);
  const events = runEvaluation({
    tasks: [task],
    dataRoot: images,
    loadVlm: () => loadModel(flags, io),
    own: methods.own,
    facts: (vlm) => runFacts(vlm, flags, { methods: orDefault(methods, vlm), controls, ...drawnOf(flags), notes }, io),
    out,
    force,
    strict,
    signal: io.signal,
  });
  const done = await followed(events, { flags, args, data: images }, io);
  showScores(done, flags, io);
  return done.failed;
}

async function compareOwn({ flags, args, images, methods }: Asking, task: AgreementTask, io: WorkIo): Promise<number> {
  const { signal } = io;
  const { out, controls, force, strict } = flags;
  noteProblems({ task: "your questions", problems: task.problems }, io);
  const vlm = await loadModel(flags, io);
  try {
    const facts = runFacts(
      vlm,
      flags,
      { methods: orDefault(methods, vlm), controls, ...drawnOf(flags), notes: [] },
      io,
    );
    const prepare = async () => ({ tasks: [task], state: runState({ ...facts, tasks: [task] }) });
    const run = answerRun({ vlm, own: methods.own, prepare, out, force, strict, signal });
    const done = await followed(run, { flags, args, data: images }, io);
    await writeAndShow({ ...flags, images }, done, io);
    return done.failed;
  } finally {
    await vlm.dispose();
  }
}

async function writeAndShow(
  { out, json, examples, images }: EvalFlags,
  { plan }: AnsweredEvent,
  io: CommandIo,
): Promise<void> {
  await writeSamples(out, plan.tasks);
  const { numbers, summary, texts, hints } = await runReport(out, { formats: ["html"], examples, data: images });
  for (const hint of hints) io.note(hint);
  if (numbers.format !== "recoup-agreement") throw new TypeError(`a run with scores in ${out}`);
  const { settings, changed } = numbers;
  const page = join(out, AGREEMENT_FILES.page);
  await writeFilesAtomic([
    { path: join(out, AGREEMENT_FILES.numbers), data: `${JSON.stringify({ settings, changed }, undefined, 2)}\n` },
    ...texts.map(({ text: data }) => ({ path: page, data })),
  ]);
  io.note(`wrote ${page}`);
  io.out(json ? JSON.stringify({ settings }, undefined, 2) : agreementText(settings, summary, io.columns));
}

function agreementText(settings: AgreementNumbers["settings"], verdicts: readonly string[], columns: number): string {
  const untold = untoldSentences(settings.map(({ setting, told }) => [setting, told]));
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
  return [
    table,
    "",
    ...[...verdicts, ...untold].flatMap((text) => wrapWords(text, Math.min(columns, TEXT_WIDTH))),
  ].join("\n");
}
