/** @file `recoup eval --tasks`: methods at budgets on benchmarks, with the official metrics. */
import { join } from "node:path";
import { refusalFor } from "../../../core/index.js";
import { TASK_IDS } from "../../../eval/index.js";
import { runEvaluation } from "../../../eval/node/index.js";
import { writeBenchmark } from "../../../node.js";
import { SYNTH_TASKS } from "../../../world/index.js";
import type { CommandIo, Invocation } from "../../command.js";
import { duration, progressLine } from "../../progress.js";
import { scoreTable } from "../../score-table.js";
import { loadModel } from "../../vlm-command.js";
import type { EVAL_FLAGS, EvalFlags } from "./flags.js";
import { checkedMethods } from "./methods.js";
import { concluded, followed, runFacts } from "./shared.js";

interface TaskInvocation extends Invocation<typeof EVAL_FLAGS> {
  readonly tasks: readonly string[];
}

const METHODS = ["recoverable", "prumerge", "visionzip", "cdpruner", "text-topk"];
const SYNTHETIC = "The pictures are synthetic: they support claims about mechanism and ranking, not about photographs.";

const refuse = refusalFor("eval");

/** Asks, scores, writes and shows. @returns the number of failed answers. */
export async function evaluateTasks(
  { flags, tasks: ids, args }: TaskInvocation,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  const { out, noControls, limit, seed = 1, rule, force, strict, json, dataRoot } = flags;
  const drawn = { ...flags, tasks: distinctIds(ids), seed };
  const real = drawn.tasks.find((id) => !id.startsWith("syn_"));
  if (dataRoot === undefined && real !== undefined) throw refuse(`--data-root DIR with the files of ${real}`, "none");
  const notes = drawn.tasks.some((id) => id.startsWith("syn_")) ? [SYNTHETIC] : [];
  const methods = await checkedMethods(flags.methods ?? METHODS, flags);
  const events = runEvaluation({
    own: methods.own,
    tasks: drawn.tasks,
    read: { rule, strict, limit, seed },
    dataRoot: dataRoot ?? (() => makePictures(drawn, io, signal)),
    loadVlm: () => loadModel(flags, io, signal),
    facts: (vlm) => runFacts(vlm, flags, { methods, controls: !noControls, limit, seed, notes }, io),
    out,
    force,
    keep: dataRoot === undefined ? [DATA_FOLDER] : [],
    strict,
    signal,
  });
  const done = await followed(events, io);
  await concluded(done, { out, args }, io);
  io.note(`${done.total} answers in ${duration(done.timing.seconds)}; recoup report ${out} makes the page`);
  io.out(json ? JSON.stringify(done.scores, undefined, 2) : scoreTable(done.scores, done.plan.state, io.columns));
  return done.failed;
}

function distinctIds(words: readonly string[]): string[] {
  const ids = words.flatMap((id) => (id === "syn" ? TASK_IDS.filter((known) => known.startsWith("syn_")) : [id]));
  if (new Set(ids).size < ids.length) throw refuse("each task once", ids.join(","));
  return ids;
}

type Drawn = EvalFlags & { readonly tasks: readonly string[]; readonly seed: number };

/** Folder in the output with the pictures of a run that was given none. */
const DATA_FOLDER = "data";

async function makePictures(
  { tasks: ids, out, split = "val", pictures = 12, seed, force }: Drawn,
  io: CommandIo,
  signal: AbortSignal,
): Promise<string> {
  const root = join(out, DATA_FOLDER);
  const line = progressLine(io);
  const events = writeBenchmark({
    tasks: SYNTH_TASKS.map(({ id }) => id).filter((id) => ids.includes(id)),
    split,
    count: pictures,
    seed,
    out: root,
    force,
    signal,
  });
  for await (const event of events) {
    if (event.status === "picture") line(`pictures of ${event.task}`, event.done, event.total);
  }
  return root;
}
