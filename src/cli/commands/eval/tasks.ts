/** @file `recoup eval --tasks`: methods at budgets on benchmarks, with the official metrics. */
import { join } from "node:path";
import { refusalFor } from "../../../core/index.js";
import { TASK_IDS } from "../../../eval/index.js";
import { runEvaluation } from "../../../eval/node/index.js";
import { SYNTH_TASKS } from "../../../world/index.js";
import { SYNTHETIC_NOTE, writeBenchmark } from "../../../world/node/index.js";
import { assertModel } from "../../model-check.js";
import { progressLine, type WorkIo } from "../../progress.js";
import { loadModel } from "../../vlm-command.js";
import { type EvalFlags, type EvalInvocation, TASK_METHODS } from "./flags.js";
import { assertResumable, checkedMethods } from "./methods.js";
import { followed, runFacts, showScores } from "./shared.js";

type TaskInvocation = EvalInvocation & Pick<Drawn, "tasks">;

const refuse = refusalFor("eval");

/** Asks, scores, writes and shows. @returns the number of failed answers. */
export async function evaluateTasks({ flags, tasks: ids, args }: TaskInvocation, io: WorkIo): Promise<number> {
  const { out, noControls, limit, seed = 1, rule, force, strict, dataRoot } = flags;
  const drawn = { ...flags, tasks: distinctIds(ids), seed };
  const real = drawn.tasks.find((id) => !id.startsWith("syn_"));
  if (dataRoot === undefined && real !== undefined) throw refuse(`--data-root DIR with the files of ${real}`, "none");
  const notes = drawn.tasks.some((id) => id.startsWith("syn_")) ? [SYNTHETIC_NOTE] : [];
  const methods = await checkedMethods(flags.methods ?? TASK_METHODS, flags);
  await assertResumable(flags, {
    methods,
    controls: !noControls,
    limit,
    seed,
    tasks: drawn.tasks.map((id) => ({ id, ...(rule !== undefined && { rule }) })),
  });
  await assertModel("eval", flags);
  const events = runEvaluation({
    own: methods.own,
    tasks: drawn.tasks,
    read: { rule, strict, limit, seed },
    dataRoot: dataRoot ?? (() => makePictures(drawn, io)),
    loadVlm: () => loadModel(flags, io),
    facts: (vlm) => runFacts(vlm, flags, { methods, controls: !noControls, limit, seed, notes }, io),
    out,
    force,
    keep: dataRoot === undefined ? [DATA_FOLDER] : [],
    strict,
    signal: io.signal,
  });
  const done = await followed(events, { flags, args, data: dataRoot }, io);
  showScores(done, flags, io);
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

async function makePictures(drawn: Drawn, io: WorkIo): Promise<string> {
  const { tasks: ids, out, split = "val", pictures: count = 12, seed, force } = drawn;
  const root = join(out, DATA_FOLDER);
  const line = progressLine(io);
  const tasks = SYNTH_TASKS.map(({ id }) => id).filter((id) => ids.includes(id));
  const events = writeBenchmark({ tasks, split, count, seed, out: root, force, signal: io.signal });
  for await (const event of events) {
    if (event.status === "picture") line(`pictures of ${event.task}`, event.done, event.total);
  }
  return root;
}
