import { InvalidInputError } from "../core/index.js";

/** The refusal of a model that is gone. */
export function disposedError(operation: string): InvalidInputError {
  return new InvalidInputError({ operation, problem: "the model is disposed of" });
}

/** Work to be done before some work enters the queue. */
export interface Preparation<P> {
  /** Waits for this first, however it ends. */
  readonly after?: Promise<unknown>;
  /** Whether it reads images. Only so many of those run at once, until their work is done. */
  readonly reads: boolean;
  readonly prepare: () => Promise<P>;
}

/**
 * Preparations that read, at once. Each holds its images in memory until it is answered: 8 photographs of 12 megapixels are 300 MB, and enough to
 * keep a model busy.
 */
const MAX_PREPARED = 8;

/** Work on one model, one after the other, until it is disposed of. */
export class WorkQueue {
  #last: Promise<unknown> = Promise.resolve();
  #disposed: Promise<void> | undefined;
  readonly #given = new Set<Promise<unknown>>();
  readonly #places = new Places(MAX_PREPARED);

  /** @param release frees the model once the queue is closed. */
  constructor(private readonly release: () => Promise<void>) {}

  /**
   * Runs after all that was given before, failed or not. With a preparation it takes its place when that is done, so that what is slow
   * to prepare holds up nobody else.
   *
   * @param signal takes the work out at once, prepared or not; work that has begun hears it by itself.
   * @throws InvalidInputError at once after `dispose`.
   */
  async run<T, P = undefined>(
    work: (prepared: P) => Promise<T>,
    signal?: AbortSignal,
    preparation?: Preparation<P>,
  ): Promise<T> {
    if (this.#disposed !== undefined) throw disposedError("ask");
    signal?.throwIfAborted();
    const running = new Promise<T>((resolve, reject) => {
      const leave = () => reject(signal?.reason);
      signal?.addEventListener("abort", leave, { once: true });
      const begin = (prepared: P) =>
        this.free(async () => {
          signal?.removeEventListener("abort", leave);
          signal?.throwIfAborted();
          return work(prepared);
        });
      const entering = preparation === undefined ? begin(undefined as P) : this.#prepared(preparation, begin, signal);
      entering.then(resolve, reject).finally(() => signal?.removeEventListener("abort", leave));
    });
    this.#given.add(running);
    return running.finally(() => this.#given.delete(running));
  }

  async #prepared<T, P>(
    { after, reads, prepare }: Preparation<P>,
    begin: (prepared: P) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    if (after !== undefined) await after.catch(() => {});
    const leave = reads ? await this.#places.take() : () => {};
    try {
      signal?.throwIfAborted();
      const prepared = await prepare();
      signal?.throwIfAborted();
      return await begin(prepared);
    } finally {
      leave();
    }
  }

  /** Runs after all that is in the queue, and after `dispose`, too: for what only frees memory. */
  free<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work, work);
    this.#last = next.catch(() => {});
    return next;
  }

  /** Releases after all work that was given, once; every call waits for it. */
  dispose(): Promise<void> {
    this.#disposed ??= Promise.allSettled(this.#given).then(() => this.free(this.release));
    return this.#disposed;
  }
}

/** Places of which only so many may be taken at once; who comes first gets one first. */
class Places {
  readonly #waiting: (() => void)[] = [];

  constructor(private free: number) {}

  /** @returns gives the place back. */
  async take(): Promise<() => void> {
    if (this.free > 0) this.free--;
    else {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    return () => {
      const next = this.#waiting.shift();
      if (next === undefined) this.free++;
      else next();
    };
  }
}
