/** @file Work of one model, one after the other, until it is disposed of. */
import { InvalidInputError } from "../core/index.js";

/** Work on one model, one after the other. */
export interface WorkQueue {
  /**
   * Runs after all that was given before, failed or not.
   *
   * @param signal takes the work out of the queue at once; work that has begun hears it by itself.
   * @throws InvalidInputError at once after `dispose`.
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Runs after all that was given before, and after `dispose`, too: for what only frees memory. */
  free(work: () => Promise<void>): Promise<void>;
  /** Releases after all work, once; every call waits for it. */
  dispose(): Promise<void>;
}

/** The refusal of a model that is gone. */
export function disposedError(operation: string): InvalidInputError {
  return new InvalidInputError({ operation, problem: "the model is disposed of" });
}

/** A queue without work. @param release frees the model once the queue is closed. */
export function workQueue(release: () => Promise<void>): WorkQueue {
  let last: Promise<unknown> = Promise.resolve();
  let disposed: Promise<void> | undefined;
  const enqueue = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
  return {
    async run(work, signal) {
      if (disposed !== undefined) throw disposedError("ask");
      signal?.throwIfAborted();
      return new Promise((resolve, reject) => {
        const leave = () => reject(signal?.reason);
        signal?.addEventListener("abort", leave, { once: true });
        const begun = async () => {
          signal?.removeEventListener("abort", leave);
          signal?.throwIfAborted();
          return work();
        };
        enqueue(begun).then(resolve, reject);
      });
    },
    free: enqueue,
    dispose: () => (disposed ??= enqueue(release)),
  };
}
