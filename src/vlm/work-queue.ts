/** @file Work of one model, one after the other, until it is disposed of. */
import { InvalidInputError } from "../core/index.js";

export interface WorkQueue {
  /** Runs after all that was given before, failed or not. @throws InvalidInputError at once after `dispose`. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Releases after all work, once; every call waits for it. */
  dispose(): Promise<void>;
}

export function workQueue(release: () => Promise<void>): WorkQueue {
  let last: Promise<unknown> = Promise.resolve();
  let disposed: Promise<void> | undefined;
  const enqueue = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
  return {
    async run(work) {
      if (disposed !== undefined)
        throw new InvalidInputError({ operation: "ask", problem: "the model is disposed of" });
      return enqueue(work);
    },
    dispose: () => (disposed ??= enqueue(release)),
  };
}
