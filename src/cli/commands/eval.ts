/** @file `recoup eval`: methods at budgets on benchmarks, with the official metrics. */
import { join } from "node:path";
import { refusalFor } from "../../core/index.js";
import { type Cells, CONVERSATIONS, comparisonCells, RULES, runState, TASK_IDS, type Task } from "../../eval/index.js";
import { type AnswerRunEvent, readScores, readTask, runEvaluation, writeMachine } from "../../eval/node/index.js";
import { type Vlm, writeBenchmark } from "../../node.js";
import { SYNTH_TASKS } from "../../world/index.js";
import { type CommandIo, defineCommand } from "../command.js";
import type { Flags, Values } from "../flags.js";
import { duration, interruption, progressLine, ratedProgressLine } from "../progress.js";
import { scoreTable } from "../score-table.js";
import { loadModel, MODEL_FLAGS } from "../vlm-command.js";

const FLAGS = {
  tasks: {
    type: "list",
    choices: [...TASK_IDS, "syn"],
    required: true,
    placeholder: "IDS",
    help: `${TASK_IDS.join(", ")}; syn stands for all that begin with syn_`,
  },
  out: {
    type: "text",
    required: true,
    placeholder: "DIR",
    help: "a missing or empty folder, or a run of the same request that was stopped: it resumes",
  },
  dataRoot: {
    type: "text",
    placeholder: "DIR",
    help: "the benchmarks' files as LLaVA has them (playground/data/eval), or a folder of recoup synth; without it the images of synthetic tasks are made in OUT/data",
  },
  split: { type: "choice", choices: ["val", "test"], default: "val", help: "of the images made; val for any choice" },
  pictures: { type: "integer", min: 1, default: 12, help: "per task, of those; some minutes; intervals want more" },
  methods: {
    type: "list",
    placeholder: "IDS",
    default: ["recoverable", "prumerge", "visionzip", "cdpruner", "text-topk"],
    help: "options after colons: recoverable:merge=mean. none is always asked",
  },
  budgets: { type: "list", default: ["dynamic", "58", "32"], help: "dynamic, and numbers of tokens" },
  noControls: {
    type: "flag",
    help: "without zero tokens, random ones (3 seeds), even spacing, pooling, smaller images",
  },
  limit: { type: "integer", min: 1, help: "N questions of each task, drawn by the seed" },
  seed: { type: "integer", default: 1, placeholder: "S", help: "of the questions and images" },
  rule: {
    type: "choice",
    choices: RULES,
    help: "prompts and metrics as these toolkits have them (default: llava where a task has it)",
  },
  conversation: {
    type: "choice",
    choices: CONVERSATIONS,
    help: "the frame of LLaVA-1.5's scripts around each question (default: the model's chat template)",
  },
  pad: {
    type: "flag",
    help: "pads images to squares of CLIP's mean color, as LLaVA-1.5 does (its ScienceQA script crops)",
  },
  force: { type: "flag", help: "removes an earlier run in DIR" },
  strict: { type: "flag", help: "stops at the first row or sample that fails (default: it is recorded and counted)" },
  json: { type: "flag", help: "scores as one JSON object instead of a table" },
  ...MODEL_FLAGS,
} as const satisfies Flags;

type EvalFlags = Values<typeof FLAGS>;

/** `recoup eval`: methods at budgets on benchmarks, with the official metrics. */
export const evalCommand = defineCommand({
  name: "eval",
  summary: "score methods and budgets on benchmarks, by the official metrics",
  about: [
    'Asks a benchmark\'s questions with all visual tokens and with a few, by each method at each budget, and scores the answers with the official metrics. "recoup report DIR" makes the page.',
  ],
  flags: FLAGS,
  async run({ flags, args }, io) {
    const ids = taskIds(flags.tasks);
    const { out } = flags;
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
});

function taskIds(words: readonly string[]): string[] {
  const ids = words.flatMap((id) => (id === "syn" ? TASK_IDS.filter((known) => known.startsWith("syn_")) : [id]));
  if (ids.length === 0) throw refusal(`--tasks of ${TASK_IDS.join(", ")}`, "none");
  if (new Set(ids).size < ids.length) throw refusal("each task once", ids.join(","));
  return ids;
}

async function readTasks(
  ids: readonly string[],
  flags: EvalFlags,
  out: string,
  io: CommandIo,
  signal: AbortSignal,
): Promise<Task[]> {
  const root = flags.dataRoot ?? (await makePictures(ids, flags, out, io, signal));
  const { rule, limit, seed, strict } = flags;
  const tasks: Task[] = [];
  for (const id of ids) {
    const task = await readTask(id, {
      dataRoot: root,
      ...(rule !== undefined && { rule }),
      strict,
      ...(limit !== undefined && { limit }),
      seed,
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
  { split, pictures, seed }: EvalFlags,
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
    split,
    count: pictures,
    seed,
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
  readonly flags: EvalFlags;
  readonly out: string;
  readonly args: readonly string[];
}

async function runAndShow({ vlm, tasks, flags, out, args }: Run, io: CommandIo, signal: AbortSignal): Promise<void> {
  const { signals, grid, imageSize } = vlm.manifest;
  const compared: Cells = comparisonCells({
    methods: flags.methods,
    budgets: flags.budgets,
    controls: !flags.noControls,
    signals,
    ...(imageSize !== undefined && { grid }),
  });
  for (const reason of compared.leftOut) io.note(`left out: ${reason}`);
  const { limit, conversation, seed } = flags;
  const state = runState({
    model: modelOf(vlm, flags),
    language: vlm.manifest.language,
    tasks,
    ...compared,
    ...(conversation !== undefined && { conversation }),
    ...(flags.pad && { pad: true }),
    ...(limit !== undefined && { limit }),
    seed,
    notes: notes(flags, tasks),
  });
  const events = runEvaluation({
    vlm,
    tasks,
    state,
    out,
    force: flags.force,
    keep: flags.dataRoot === undefined ? [DATA_FOLDER] : [],
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

function modelOf({ name, manifest }: Vlm, { model, dtype, device }: EvalFlags) {
  return {
    name: model === "tiny" ? "tiny" : name,
    family: manifest.family,
    ...(dtype !== undefined && { dtype }),
    ...(device !== undefined && { device }),
  };
}

function notes({ model }: EvalFlags, tasks: readonly Task[]): string[] {
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

const refusal = refusalFor("eval");
