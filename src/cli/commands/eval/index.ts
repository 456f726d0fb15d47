/** @file `recoup eval`: methods at budgets, on benchmarks by the official metrics, or on own images and questions. */
import { refusalFor } from "../../../core/index.js";
import { TASK_IDS } from "../../../eval/index.js";
import { defineCommand } from "../../command.js";
import { flagName } from "../../flags.js";
import { interruptible, type WorkIo } from "../../progress.js";
import { EVAL_FLAGS, type EvalInvocation, OWN_FLAGS, TASK_FLAGS } from "./flags.js";
import { evaluateOwn } from "./own.js";
import { evaluateTasks } from "./tasks.js";

/** `recoup eval`: benchmarks, or own images and questions. */
export const evalCommand = defineCommand({
  name: "eval",
  summary: "score methods and budgets on benchmarks, or on your own images and questions",
  about: [
    'With --tasks: asks a benchmark\'s questions with all visual tokens and with a few, by each method at each budget, and scores the answers with the official metrics. "recoup report DIR" makes the page.',
    "With --images and --questions: asks your questions about your images. Rows with right answers are scored like a benchmark. Without any, it says how often few tokens give the answer of all, and whether compression pays on this machine.",
    "Exit status 1: some answers failed; the same command asks them again.",
  ],
  flags: EVAL_FLAGS,
  async run(invocation, io) {
    const work = (io: WorkIo) => evaluate(invocation, io);
    const failed = await interruptible(io, work, "stopped; the same command resumes");
    return failed > 0 ? 1 : undefined;
  },
});

const refuse = refusalFor("eval");

/** @returns the number of failed answers. */
async function evaluate(invocation: EvalInvocation, io: WorkIo): Promise<number> {
  const { tasks, images, questions } = invocation.flags;
  if (images !== undefined || questions !== undefined) {
    refuseOthers(invocation, Object.keys(TASK_FLAGS), "--images");
    if (images !== undefined && questions !== undefined) return evaluateOwn({ ...invocation, images, questions }, io);
    throw refuse("--images DIR with --questions FILE", images === undefined ? "no --images" : "no --questions");
  }
  refuseOthers(invocation, Object.keys(OWN_FLAGS), "--tasks");
  if (tasks !== undefined && tasks.length > 0) return evaluateTasks({ ...invocation, tasks }, io);
  throw refuse(`--tasks of ${TASK_IDS.join(", ")}, or --images DIR with --questions FILE`, "none");
}

/** @throws InvalidInputError for a flag of the other way to run. */
function refuseOthers({ flags }: EvalInvocation, others: readonly string[], way: string): void {
  const other = Object.entries(flags).find(
    ([name, value]) => others.includes(name) && value !== undefined && value !== false,
  );
  if (other !== undefined) throw refuse(`flags that go with ${way}`, flagName(other[0]));
}
