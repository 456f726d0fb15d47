/** @file `recoup eval`: methods at budgets on benchmarks, with the official metrics. */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { CONVERSATIONS } from "../../benchmarks/index.js";
import { InvalidInputError } from "../../core/index.js";
import { type Cells, comparisonCells, findTask, RULES, runState, TASK_IDS, type Task } from "../../eval/index.js";
import { type AnswerRunEvent, readScores, readTask, runEvaluation, writeMachine } from "../../eval/node/index.js";
import { type Vlm, writeBenchmark } from "../../node.js";
import { SYNTH_TASKS } from "../../world/index.js";
import type { Command, CommandIo } from "../command.js";
import { number, requiredNumber } from "../numbers.js";
import { duration, interruption, progressLine, ratedProgressLine } from "../progress.js";
import { scoreTable } from "../score-table.js";
import { loadModel } from "../vlm-command.js";

const USAGE = `usage: recoup eval --tasks ID[,ID …] --out DIR [options]

Asks a benchmark's questions with all visual tokens and with a few, by each method at each budget, and scores the
answers with the official metrics. "recoup report DIR" makes the page.

  --tasks IDS       ${TASK_IDS.join(", ")};
                    syn stands for all that begin with syn_
  --data-root DIR   the benchmarks' files as LLaVA has them (playground/data/eval), or a folder of recoup synth;
                    without it the pictures of synthetic tasks are made in OUT/data:
  --split NAME      val (default; for any choice) or test, of those
  --pictures N      per task, of those (default: 12, some minutes; intervals want more)
  --methods IDS     default: recoverable,prumerge,visionzip,cdpruner,text-topk; options after colons:
                    recoverable:merge=mean. none is always asked
  --budgets LIST    dynamic and numbers of tokens (default: dynamic,58,32)
  --no-controls     without zero tokens, random ones (3 seeds), even spacing, pooling, smaller pictures
  --limit N         N questions of each task, drawn by the seed
  --seed S          default: 1
  --rule NAME       ${RULES.join(", ")}: prompts and metrics as these toolkits have them (default: llava where a task has it)
  --conversation N  vicuna_v1: the frame of LLaVA-1.5's scripts around each question (default: the model's chat template)
  --pad             pads pictures to squares of CLIP's mean color, as LLaVA-1.5 does (its ScienceQA script crops)
  --model NAME, --clip NAME, --device NAME, --dtype NAME   as for recoup ask
  --out DIR         a missing or empty folder, or a run of the same request that was stopped: it goes on
  --force           removes an earlier run in DIR
  --strict          stops at the first row or sample that fails (default: it is recorded and counted)
  --json            scores as one JSON object instead of a table`;

const FLAGS = {
  tasks: { type: "string" },
  "data-root": { type: "string" },
  split: { type: "string", default: "val" },
  pictures: { type: "string", default: "12" },
  methods: { type: "string", default: "recoverable,prumerge,visionzip,cdpruner,text-topk" },
  budgets: { type: "string", default: "dynamic,58,32" },
  "no-controls": { type: "boolean", default: false },
  limit: { type: "string" },
  seed: { type: "string", default: "1" },
  rule: { type: "string" },
  conversation: { type: "string" },
  pad: { type: "boolean", default: false },
  model: { type: "string", default: "tiny" },
  clip: { type: "string" },
  device: { type: "string" },
  dtype: { type: "string" },
  out: { type: "string" },
  force: { type: "boolean", default: false },
  strict: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

type Flags = ReturnType<typeof parseFlags>;

/** `recoup eval`: methods at budgets on benchmarks, with the official metrics. */
export const evalCommand: Command = {
  name: "eval",
  summary: "score methods and budgets on benchmarks, by the official metrics",
  usage: USAGE,
  async run(args, io) {
    const flags = parseFlags(args);
    const ids = taskIds(flags.tasks);
    const { out } = flags;
    if (out === undefined) throw refusal("--out DIR", "none");
    const { signal, dispose } = interruption();
    try {
      const tasks = await readTasks(ids, flags, out, io, signal);
      const vlm = await loadModel(flags, io, signal);
      try {
        await runAndShow({ vlm, tasks, flags, out, args }, io, signal);
      } finally {
        await vlm.dispose();
      }
    } catch (error) {
      if (signal.aborted) io.note(`stopped; the same command goes on where it was`);
      throw error;
    } finally {
      dispose();
    }
  },
};

function parseFlags(args: readonly string[]) {
  return parseArgs({ args: [...args], options: FLAGS }).values;
}

function list(text: string): string[] {
  return text.split(",").filter((word) => word !== "");
}

function taskIds(text = ""): string[] {
  const ids = list(text).flatMap((id) => (id === "syn" ? TASK_IDS.filter((known) => known.startsWith("syn_")) : [id]));
  if (ids.length === 0) throw refusal(`--tasks of ${TASK_IDS.join(", ")}`, "none");
  if (new Set(ids).size < ids.length) throw refusal("each task once", ids.join(","));
  // Before any picture is made.
  for (const id of ids) findTask(id);
  return ids;
}

async function readTasks(
  ids: readonly string[],
  flags: Flags,
  out: string,
  io: CommandIo,
  signal: AbortSignal,
): Promise<Task[]> {
  const root = flags["data-root"] ?? (await makePictures(ids, flags, out, io, signal));
  const rule = RULES.find((known) => known === flags.rule);
  if (flags.rule !== undefined && rule === undefined) throw refusal(`--rule of ${RULES.join(", ")}`, flags.rule);
  const tasks: Task[] = [];
  for (const id of ids) {
    const limit = number("eval", "--limit", flags.limit);
    const task = await readTask(id, {
      dataRoot: root,
      ...(rule !== undefined && { rule }),
      strict: flags.strict,
      ...(limit !== undefined && { limit }),
      seed: requiredNumber("eval", "--seed", flags.seed),
    });
    tasks.push(task);
    for (const { file, line, what } of task.problems.slice(0, 3)) {
      io.note(`warning: ${file}${line === undefined ? "" : `:${line}`}: ${what}`);
    }
    if (task.problems.length > 3) io.note(`warning: ${task.problems.length - 3} more rows of ${id} cannot be used`);
  }
  return tasks;
}

/** Folder in the output with the pictures of a run that was given none. */
const DATA_FOLDER = "data";

async function makePictures(
  ids: readonly string[],
  { split, pictures, seed }: Flags,
  out: string,
  io: CommandIo,
  signal: AbortSignal,
): Promise<string> {
  const real = ids.find((id) => !id.startsWith("syn_"));
  if (real !== undefined) throw refusal(`--data-root DIR with the files of ${real}`, "none");
  const root = join(out, DATA_FOLDER);
  const lines = new Map<string, ReturnType<typeof progressLine>>();
  const events = writeBenchmark({
    tasks: SYNTH_TASKS.map(({ id }) => id).filter((id) => ids.includes(id)),
    split: split as "val" | "test",
    count: requiredNumber("eval", "--pictures", pictures),
    seed: requiredNumber("eval", "--seed", seed),
    out: root,
    mode: "resume",
    signal,
  });
  for await (const event of events) {
    if (event.status === "done") continue;
    const line = lines.get(event.task) ?? progressLine(io, `pictures of ${event.task}`);
    lines.set(event.task, line);
    line(event.done, event.total);
  }
  return root;
}

interface Run {
  readonly vlm: Vlm;
  readonly tasks: readonly Task[];
  readonly flags: Flags;
  readonly out: string;
  readonly args: readonly string[];
}

async function runAndShow({ vlm, tasks, flags, out, args }: Run, io: CommandIo, signal: AbortSignal): Promise<void> {
  const { signals, grid, imageSize } = vlm.manifest;
  const compared: Cells = comparisonCells({
    methods: list(flags.methods),
    budgets: list(flags.budgets),
    controls: !flags["no-controls"],
    signals,
    ...(imageSize !== undefined && { grid }),
  });
  for (const reason of compared.leftOut) io.note(`left out: ${reason}`);
  const limit = number("eval", "--limit", flags.limit);
  const conversation = CONVERSATIONS.find((known) => known === flags.conversation);
  if (flags.conversation !== conversation) {
    throw refusal(`--conversation of ${CONVERSATIONS.join(", ")}`, String(flags.conversation));
  }
  const state = runState({
    model: modelOf(vlm, flags),
    language: vlm.manifest.language,
    tasks,
    ...compared,
    ...(conversation !== undefined && { conversation }),
    ...(flags.pad && { pad: true }),
    ...(limit !== undefined && { limit }),
    seed: requiredNumber("eval", "--seed", flags.seed),
    notes: notes(flags, tasks),
  });
  const events = runEvaluation({
    vlm,
    tasks,
    state,
    out,
    force: flags.force,
    keep: flags["data-root"] === undefined ? [DATA_FOLDER] : [],
    strict: flags.strict,
    signal,
  });
  const done = await show(events, io);
  // A sitting that had nothing left to ask timed nothing.
  if (done.asked > 0) await writeMachine(out, `recoup eval ${args.join(" ")}`, done.timing);
  if (done.failed > 0) io.note(`${done.failed} of ${done.total} answers failed; the samples say why`);
  io.note(`${done.total} answers in ${duration(done.timing.seconds)}; recoup report ${out} makes the page`);
  const scores = await readScores(out, state);
  io.out(flags.json ? JSON.stringify(scores, undefined, 2) : scoreTable(scores, state, io.columns));
}

function modelOf({ name, manifest }: Vlm, { model, dtype, device }: Flags) {
  return {
    name: model === "tiny" ? "tiny" : name,
    family: manifest.family,
    ...(dtype !== undefined && { dtype }),
    ...(device !== undefined && { device }),
  };
}

function notes({ model }: Flags, tasks: readonly Task[]): string[] {
  const out: string[] = [];
  if (model === "tiny")
    out.push("The model is the bundled one: tiny, and trained by recoup on synthetic pictures alone.");
  if (tasks.some(({ id }) => id.startsWith("syn_"))) {
    out.push("The pictures are synthetic: they support claims about mechanism and ranking, not about photographs.");
  }
  return out;
}

type Done = Extract<AnswerRunEvent, { status: "answered" }>;

async function show(events: AsyncIterable<AnswerRunEvent>, io: CommandIo): Promise<Done> {
  const line = ratedProgressLine(io, "answers");
  let last: Done | undefined;
  for await (const event of events) {
    if (event.status === "answered") last = event;
    else line(event.done, event.total, event.failed > 0 ? `${event.failed} failed` : undefined);
  }
  return last as Done;
}

function refusal(expected: string, got: string): InvalidInputError {
  return new InvalidInputError({ operation: "eval", expected, got });
}
