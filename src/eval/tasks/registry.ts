/** @file All tasks by name: lmms-eval's names, and `syn_…` for the synthetic mirrors, which are the same code over `recoup synth`'s files. */
import { didYouMean, nearestName, refusalFor } from "../../core/index.js";
import type { TaskSpec } from "./define-task.js";
import { MMBENCH_STATIC, mmbenchTask } from "./mmbench.js";
import { mmeTask } from "./mme.js";
import { popeTask } from "./pope.js";
import { scienceQaTask } from "./scienceqa.js";
import { textVqaTask } from "./textvqa.js";
import { synthVqaV2, vqaV2Test, vqaV2Val } from "./vqav2.js";

/** All tasks: the real ones, then the synthetic ones. */
export const TASKS: readonly TaskSpec[] = Object.freeze([
  popeTask("pope", "POPE"),
  popeTask("pope_random", "POPE random", ["random"]),
  popeTask("pope_pop", "POPE popular", ["popular"]),
  popeTask("pope_adv", "POPE adversarial", ["adversarial"]),
  textVqaTask("textvqa_val", "TextVQA"),
  scienceQaTask("scienceqa", "ScienceQA", false),
  scienceQaTask("scienceqa_img", "ScienceQA-IMG", true),
  mmeTask("mme", "MME"),
  mmbenchTask("mmbench_en_dev", "MMBench dev"),
  mmbenchTask("mmbench_en_dev_static", "MMBench dev", MMBENCH_STATIC),
  vqaV2Val,
  vqaV2Test,
  popeTask("syn_pope", "synthetic POPE"),
  textVqaTask("syn_textvqa", "synthetic TextVQA"),
  scienceQaTask("syn_sqa_img", "synthetic ScienceQA-IMG", true),
  synthVqaV2,
  mmeTask("syn_mme", "synthetic MME"),
  mmbenchTask("syn_mmbench", "synthetic MMBench"),
]);

/** Names of all tasks, in the order of `TASKS`. */
export const TASK_IDS: readonly string[] = Object.freeze(TASKS.map(({ id }) => id));

/** @throws InvalidInputError listing the names, the nearest one first if the given one looks like a typo. */
export function findTask(id: string): TaskSpec {
  if (typeof id !== "string") throw refusalFor("findTask")("a task's id", id);
  const task = TASKS.find((one) => one.id === id);
  if (task !== undefined) return task;
  const got = JSON.stringify(id) + didYouMean(nearestName(id, TASK_IDS));
  throw refusalFor("findTask")(`one of ${TASK_IDS.join(", ")}`, got);
}
