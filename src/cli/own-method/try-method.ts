/** @file Tries a module with a method of one's own in a thread, which is ended when it takes too long. */
import { Worker } from "node:worker_threads";
import type { Budget } from "../../core/index.js";
import { packagePath } from "../../files/index.js";
import type { MethodTestOptions, PropertyResult } from "../../testing/index.js";
import { TIME_LIMIT_MS } from "./guarded-method.js";

/** One way in which a command will use a method. */
export interface TrialUse {
  readonly options: Readonly<Record<string, unknown>>;
  /** As `checkedBudget` gives them; undefined: none is given. */
  readonly budgets: readonly (Exclude<Budget, number> | undefined)[];
}

/** Work of the thread: uses to try, or the contract to check. */
export interface TrialRequest {
  readonly url: string;
  readonly uses: readonly TrialUse[];
  readonly check?: MethodTestOptions;
}

/** Messages of the thread: what it does now, and its end. */
export type TrialMessage =
  | { readonly step: string }
  | { readonly problem: string }
  | { readonly results: readonly PropertyResult[] };

/** Properties that were checked, or what is wrong as a sentence. */
export type TrialEnd = Exclude<TrialMessage, { readonly step: string }>;

/** The thread's code: a file of its own in the built command. */
const THREAD = packagePath("dist", "bin", "method-trial.js");

/**
 * Imports and tries the method in a thread, whose output is dropped. Each step may take `limit` milliseconds; a step that never ends, or
 * that ends the process, is a problem like any other.
 */
export async function tryMethod(request: TrialRequest, limit = TIME_LIMIT_MS): Promise<TrialEnd> {
  const worker = new Worker(THREAD, { workerData: request, stdout: true, stderr: true });
  try {
    return await endOf(worker, limit);
  } finally {
    await worker.terminate();
  }
}

function endOf(worker: Worker, limit: number): Promise<TrialEnd> {
  return new Promise((resolve) => {
    let step = "while it was imported";
    const late = () => resolve({ problem: `it took longer than ${limit / 1000} s ${step}, and was stopped` });
    let timer = setTimeout(late, limit);
    const end = (result: TrialEnd) => {
      clearTimeout(timer);
      resolve(result);
    };
    worker.on("message", (message: TrialMessage) => {
      if (!("step" in message)) return end(message);
      step = message.step;
      clearTimeout(timer);
      timer = setTimeout(late, limit);
    });
    worker.on("error", (error) => end({ problem: `${error.name ?? "Error"}: ${error.message}, ${step}` }));
    worker.on("exit", () => end({ problem: `it waits for something that never comes, ${step}` }));
  });
}
