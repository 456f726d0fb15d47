import { InvalidInputError } from "../core/index.js";

/** The refusal of a model that is gone. */
export function disposedError(operation: string): InvalidInputError {
  return new InvalidInputError({ operation, problem: "the model is disposed of" });
}

/** Work on one model, one after the other, until it is disposed of. */
export class WorkQueue {
  #last: Promise<unknown> = Promise.resolve();
  #disposed: Promise<void> | undefined;

  /** @param release frees the model once the queue is closed. */
  constructor(private readonly release: () => Promise<void>) {}

  /**
   * Runs after all that was given before, failed or not.
   *
   * @param signal takes the work out of the queue at once; work that has begun hears it by itself.
   * @throws InvalidInputError at once after `dispose`.
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#disposed !== undefined) throw disposedError("ask");
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const leave = () => reject(signal?.reason);
      signal?.addEventListener("abort", leave, { once: true });
      const begun = async () => {
        signal?.removeEventListener("abort", leave);
        signal?.throwIfAborted();
        return work();
      };
      this.free(begun).then(resolve, reject);
    });
  }

  /** Runs after all that was given before, and after `dispose`, too: for what only frees memory. */
  free<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work, work);
    this.#last = next.catch(() => {});
    return next;
  }

  /** Releases after all work, once; every call waits for it. */
  dispose(): Promise<void> {
    this.#disposed ??= this.free(this.release);
    return this.#disposed;
  }
}
