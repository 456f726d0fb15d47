/** What comes of some work, or at once the reason of a stop; work that does not hear of it goes on unwatched. */
export async function untilAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  let leave = () => {};
  try {
    return await new Promise<T>((resolve, reject) => {
      leave = () => reject(signal.reason);
      signal.addEventListener("abort", leave, { once: true });
      work.then(resolve, reject);
      if (signal.aborted) leave();
    });
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
