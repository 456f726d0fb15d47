import type { CommandIo } from "./command.js";

/**
 * Shows how far a long job is: one line that is written over on a terminal, a line for every tenth elsewhere.
 *
 * @returns called with the number done; the last call ends the line.
 */
export function progressLine(io: CommandIo, label: string): (done: number, total: number) => void {
  let shownTenth = 0;
  let shownAt = 0;
  return (done, total) => {
    const text = `${label}: ${done} of ${total}`;
    if (io.overwrite === undefined) {
      const tenth = Math.floor((10 * done) / total);
      if (tenth > shownTenth || done === total) io.note(text);
      shownTenth = tenth;
      return;
    }
    // Ten times a second is as fast as anybody reads.
    const now = performance.now();
    if (done < total && now - shownAt < 100) return;
    shownAt = now;
    io.overwrite(text.slice(0, io.columns - 1), done === total);
  };
}

/** An abort signal that follows Ctrl-C and a request to end, once; `dispose` when the job is over. */
export function interruption(): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  return {
    signal: controller.signal,
    dispose() {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    },
  };
}
