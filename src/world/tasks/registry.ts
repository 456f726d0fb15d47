/** @file The tasks that `recoup synth` writes. */
import { mmbenchTask } from "./mmbench.js";
import { mmeTask } from "./mme.js";
import { popeTask } from "./pope.js";
import { scienceqaTask } from "./scienceqa.js";
import { textvqaTask } from "./textvqa.js";
import { vqav2Task } from "./vqav2.js";

/** All mirrors, in the order in which they are written. */
export const SYNTH_TASKS = [popeTask, textvqaTask, scienceqaTask, vqav2Task, mmeTask, mmbenchTask] as const;
