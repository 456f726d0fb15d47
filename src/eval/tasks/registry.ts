/** @file All tasks by name: lmms-eval's names, and `syn_…` for the synthetic mirrors, which are the same code over `recoup synth`'s files. */
import { nearestName, refusalFor } from "../../core/index.js";
import type { TaskSpec } from "./define-task.js";
import { mmbench, mmbenchStatic, synthMmbench } from "./mmbench.js";
import { mme, synthMme } from "./mme.js";
import { pope, popeAdversarial, popePopular, popeRandom, synthPope } from "./pope.js";
import { scienceQa, scienceQaImg, synthScienceQa } from "./scienceqa.js";
import { synthTextVqa, textVqa } from "./textvqa.js";
import { synthVqaV2, vqaV2Test, vqaV2Val } from "./vqav2.js";

/** All tasks: the real ones, then the synthetic ones. */
export const TASKS: readonly TaskSpec[] = Object.freeze([
  pope,
  popeRandom,
  popePopular,
  popeAdversarial,
  textVqa,
  scienceQa,
  scienceQaImg,
  mme,
  mmbench,
  mmbenchStatic,
  vqaV2Val,
  vqaV2Test,
  synthPope,
  synthTextVqa,
  synthScienceQa,
  synthVqaV2,
  synthMme,
  synthMmbench,
]);

/** Names of all tasks, in the order of `TASKS`. */
export const TASK_IDS: readonly string[] = Object.freeze(TASKS.map(({ id }) => id));

/** @throws InvalidInputError listing the names, the nearest one first if the given one looks like a typo. */
export function findTask(id: string): TaskSpec {
  const task = TASKS.find((one) => one.id === id);
  if (task !== undefined) return task;
  const near = nearestName(id, TASK_IDS);
  const got = near === undefined ? JSON.stringify(id) : `${JSON.stringify(id)}; did you mean ${near}?`;
  throw refusalFor("findTask")(`one of ${TASK_IDS.join(", ")}`, got);
}
